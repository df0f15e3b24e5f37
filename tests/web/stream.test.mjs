// The fold, the session and what is in force, against the same golden frames that the Python side reads.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { digest } from "../../services/gateway/web/shared/digest.js";
import { freshSession, hear, hello, kept, opened, restored } from "../../services/gateway/web/shared/session.js";
import { inForce, situationOf } from "../../services/gateway/web/shared/situation.js";

const FOLDER = new URL("../fixtures/stream/", import.meta.url);
const cases = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) }));

function played(frames) {
  let session = freshSession();
  let resyncs = 0;
  frames.forEach((frame) => {
    const heard = hear(frame.type === "welcome" ? opened(session) : session, frame, 1000);
    session = heard.session;
    resyncs += heard.answers.filter((answer) => answer.type === "resync").length;
  });
  return { session, resyncs };
}

const told = (block) => [block.stream, block.info.hazard, block.info.level ?? null, block.rank];

cases.forEach(({ name, about, frames, view, expected }) => {
  test(`${name}: ${about}`, () => {
    const { session, resyncs } = played(frames);
    const { situation } = session;
    const streams = Array.from(situation.streams.values(), (one) => [one.stream, one.revision, one.state]).sort();
    assert.deepEqual(
      { epoch: situation.epoch, offset: situation.offset, digest: digest(situation.streams.values()), streams, resyncs, confirmed: session.awaits === null },
      { epoch: expected.epoch, offset: expected.offset, digest: expected.digest, streams: expected.streams, resyncs: expected.resyncs, confirmed: expected.confirmed },
    );
    if (view) {
      const found = inForce(situation, {
        surface: view.surface,
        mine: new Set(view.areas),
        now: Date.parse(view.now),
        leases: new Map(Object.entries(view.leases).map(([source, until]) => [source, Date.parse(until)])),
      });
      assert.deepEqual(found.real.map(told), expected.in_force.real);
      assert.deepEqual(found.drills.map(told), expected.in_force.drills);
      assert.deepEqual(
        found.lapsed.map(({ block, since }) => [block.stream, block.info.hazard, new Date(since).toISOString().replace(".000", "")]),
        expected.in_force.lapsed,
      );
    }
  });
});

test("the lowest levels of a gauge are not shown in the street", () => {
  const area = [{ areaDesc: "小田原市", code: { scheme: "class20", code: "1420600" } }];
  const stream = (id, origin, rank) => {
    const info = { event: "見本橋 水防団待機水位", hazard: `gauge:${id}`, state: "active", rank, area };
    const alert = { sent: "2026-09-01T12:00:00Z", status: "Actual", origin, revision: "r", lease: "", info: [info] };
    return { stream: id, revision: "r", state: "active", standing: "r", kept: [alert] };
  };
  const streams = [stream("standby", "gauge", 1), stream("caution", "gauge", 2), stream("early", "official", 1)];
  const shown = (surface) => {
    const view = { surface, mine: new Set(["class20:1420600"]), now: 0, leases: new Map() };
    return inForce(situationOf("e", 1, streams), view).real.map((block) => block.stream).sort();
  };
  assert.deepEqual(shown("sign"), ["caution", "early"]);
  assert.deepEqual(shown("page"), ["caution", "early", "standby"]);
});

test("there are cases", () => assert.ok(cases.length > 20));

const [rise] = cases.filter((one) => one.name === "rise-and-end.json");

test("a fresh client asks for everything, a returning one names its cursor", () => {
  assert.equal(hello(freshSession(), "sign-1", "sign").resume, null);
  const { session } = played(rise.frames);
  assert.deepEqual(hello(opened(session), "sign-1", "sign"), {
    type: "hello",
    v: 1,
    client: "sign-1",
    kind: "sign",
    resume: { epoch: rise.expected.epoch, offset: rise.expected.offset, digest: rise.expected.digest },
  });
});

test("what is kept on the device brings back the same situation, unconfirmed", () => {
  const { session } = played(rise.frames);
  const back = restored(JSON.parse(JSON.stringify(kept(session))));
  assert.deepEqual(Array.from(back.situation.streams), Array.from(session.situation.streams));
  assert.equal(back.heard, session.heard);
  assert.deepEqual(back.leases, session.leases);
  assert.notEqual(back.awaits, null);
});

test("leases and the time last heard come from every welcome and heartbeat", () => {
  const { session } = played(rise.frames);
  const beat = {
    type: "heartbeat", epoch: rise.expected.epoch, offset: 31, digest: rise.expected.digest,
    leases: { "jma.extra": "2026-09-01T16:00:00Z" }, server_time: "2026-09-01T13:20:00Z",
  };
  const after = hear(session, beat, 2000).session;
  assert.equal(after.leases.get("jma.extra"), Date.parse("2026-09-01T16:00:00Z"));
  assert.equal(after.heard, Date.parse("2026-09-01T13:20:00Z"));
  assert.equal(hear(after, { type: "bye", code: "drain" }, 3000).session.heard, after.heard);
});

test("an unanswered resync is asked again after a while", () => {
  const { session } = played(rise.frames);
  const beat = { type: "heartbeat", epoch: rise.expected.epoch, offset: 99, digest: "00000000", server_time: "2026-09-01T13:20:00Z" };
  const first = hear(session, beat, 10000);
  const soon = hear(first.session, beat, 14999);
  const later = hear(soon.session, beat, 15000);
  assert.deepEqual([first, soon, later].map((one) => one.answers.length), [1, 0, 1]);
});

test("a kind of frame that is not known yet changes nothing", () => {
  const { session } = played(rise.frames);
  const after = hear(session, { type: "weather" }, 2000).session;
  assert.equal(after.situation, session.situation);
  assert.equal(after.awaits, null);
});
