import assert from "node:assert/strict";
import { test } from "node:test";
import { DWELL_MS, round, still, turn } from "../../services/gateway/web/signage/rotation.js";

const card = (key, rank, more = {}) => ({ key, subject: key, rank, drill: false, ...more });
const A = card("a", 5);
const B = card("b", 3);
const C = card("c", 2);

/** Who is on the screen, and for how long, over `turns` changes. */
function watched(cards, turns) {
  let now = 0;
  let rotation = turn(still(), cards, now);
  const seen = [];
  for (let index = 0; index < turns; index += 1) {
    seen.push([rotation.key, rotation.until - now]);
    now = rotation.until;
    rotation = turn(rotation, cards, now);
  }
  return seen;
}

test("a lone card stays", () => assert.deepEqual(watched([A], 2).map(([key]) => key), ["a", "a"]));

test("the worst dwells longest", () => {
  const ranks = [1, 2, 3, 4, 5].map((rank) => DWELL_MS[rank]);
  assert.deepEqual(ranks, [...ranks].sort((one, two) => one - two));
  assert.deepEqual(watched([A, B], 2), [["a", DWELL_MS[5]], ["b", DWELL_MS[3]]]);
});

test("from rank 4 on the worst comes back between the others", () => {
  assert.deepEqual(round([A, B, C]), ["a", "b", "a", "c"]);
  assert.deepEqual(watched([A, B, C], 5).map(([key]) => key), ["a", "b", "a", "c", "a"]);
});

test("below that everybody has one turn", () => assert.deepEqual(round([card("x", 3), B, C]), ["x", "b", "c"]));

test("two that are equally bad both come back", () => {
  assert.deepEqual(round([A, card("a2", 5), B, C]), ["a", "a2", "b", "a", "a2", "c"]);
});

test("a drill is never the worst beside something real", () => {
  assert.deepEqual(round([card("real", 2), card("drill", 5, { drill: true }), card("drill2", 5, { drill: true })]), ["real", "drill", "drill2"]);
});

test("what is new comes at once", () => {
  const before = turn(still(), [B, C], 0);
  assert.equal(turn(before, [A, B, C], 1000).key, "a");
});

test("what is new but less bad waits until the worse one has been read", () => {
  const before = turn(still(), [A], 0);
  const soon = turn(before, [A, B], 1000);
  assert.equal(soon.key, "a");
  assert.equal(turn(soon, [A, B], 7999).key, "a");
  assert.equal(turn(soon, [A, B], 8000).key, "b");
});

test("at the start nothing is new: the worst has its whole turn", () => {
  const first = turn(still(), [A, B, C], 0);
  assert.equal(turn(first, [A, B, C], DWELL_MS[5] - 1).key, "a");
});

test("what rises comes at once, what falls does not", () => {
  const low = card("l|3", 3, { subject: "l" });
  const high = card("l|4", 4, { subject: "l" });
  const showingB = turn(turn(still(), [B, low], 0), [B, low], 0);
  assert.equal(turn(showingB, [high, B], 1000).key, "l|4");
  const showingA = turn(still(), [A, high], 0);
  assert.equal(turn(showingA, [A, low], 1000).key, "a");
});

test("a card that ends makes way for the next, and nobody is skipped", () => {
  const three = [card("x", 3), B, card("y", 3)];
  const first = turn(still(), three, 0);
  assert.equal(first.key, "x");
  assert.equal(turn(first, three.slice(1), 100).key, "b");
});

test("a new report of the same card does not start its turn anew", () => {
  const before = turn(still(), [A, B], 0);
  assert.equal(turn(before, [{ ...A }, B], 5000).until, before.until);
});

test("when all is over nothing is on the screen, and what comes later is new", () => {
  const over = turn(turn(still(), [A], 0), [], 100);
  assert.equal(over.key, null);
  assert.equal(turn(over, [A], 200).key, "a");
});
