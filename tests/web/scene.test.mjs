import assert from "node:assert/strict";
import { test } from "node:test";
import { situationOf } from "../../services/gateway/web/shared/situation.js";
import { scene } from "../../services/gateway/web/signage/scene.js";
import { message, text } from "./messages.mjs";

const at = (time) => Date.parse(`2026-09-01T${time}Z`);
const AREA = { areaDesc: "小田原市", code: { scheme: "class20", code: "1420600" } };
const PLACE = { name: { ja: "小田原市", easy: "おだわらし", en: "Odawara City" }, mine: new Set(["class20:1420600"]), names: new Map() };

function stream(id, event, hazard, { name = event, about = text("災害"), level, rank = level, expires, drill } = {}) {
  const alert = {
    senderName: "気象庁", sent: "2026-09-01T12:00:00Z", status: drill ? "Exercise" : "Actual", source: "jma", origin: "official",
    revision: "r1", lease: "jma.extra", info: [{ event, hazard, state: "active", level, rank, expires, area: [AREA], message: message({ name, about }) }],
  };
  const run = drill ? { drill: { run: "r", surfaces: ["sign"] } } : {};
  return { stream: id, revision: "r1", state: "active", standing: "r1", kept: [{ ...alert, ...run }], ...run };
}

const landslide = stream("l", "レベル４土砂災害危険警報", "landslide", { name: "土砂災害危険警報", about: text("土砂災害"), level: 4 });
const thunder = stream("t", "雷注意報", "thunder", { rank: 2 });

function seen(streams, more = {}) {
  return scene({
    situation: situationOf("e", 1, streams),
    leases: new Map([["jma.extra", at("16:00:00")]]),
    place: PLACE,
    line: { state: "live", heard: at("13:02:00") },
    now: at("13:02:10"),
    clockKnown: true,
    ...more,
  });
}

const words = (made) => JSON.stringify(made.bars);

test("nothing in force is said only when it is known, with the time of the check", () => {
  const made = seen([]);
  assert.deepEqual(made.bars.map((bar) => [bar.kind, bar.text, bar.time]), [["confirmed", "小田原市に発表中の警報・避難情報はありません", "22:02 確認"]]);
  assert.equal(made.everyday, true);
});

const unsure = {
  "a lost line": { line: { state: "lost", heard: at("12:41:00") } },
  "a line that was never there": { line: { state: "lost", heard: null } },
  "a first connection under way": { line: { state: "connecting", heard: null } },
  "a source that fell silent": { leases: new Map([["jma.extra", at("13:00:00")], ["jma.eqvol", at("16:00:00")]]) },
  "no source heard yet": { leases: new Map() },
};
Object.entries(unsure).forEach(([name, more]) => {
  test(`with ${name} nothing is said to be over`, () => {
    const made = seen([], more);
    assert.equal(made.bars.length, 1);
    assert.ok(!words(made).includes("ありません"));
    assert.ok(!words(made).includes("No warnings"));
  });
});

test("a lost line says since when, and where to ask instead", () => {
  const [bar] = seen([landslide], unsure["a lost line"]).bars;
  assert.equal(bar.strong, "通信が切れています");
  assert.equal(bar.text, "21:41\u00a0以降は未確認です。テレビ・ラジオで確認してください");
});

test("what is unexpired stays on the screen without a line", () => {
  assert.deepEqual(seen([landslide], unsure["a lost line"]).cards.map((card) => card.stream), ["l"]);
});

test("a lapse leaves the takeover, is named with its time, and is no all-clear", () => {
  const made = seen([landslide], { leases: new Map([["jma.extra", at("13:00:00")]]) });
  assert.deepEqual(made.cards, []);
  assert.deepEqual(made.lapsed, [{ name: "土砂災害危険警報", kicker: "土砂災害", since: "22:00" }]);
  assert.ok(!words(made).includes("ありません"));
});

test("a stated end leaves without a lapse", () => {
  const short = stream("k", "竜巻注意情報", "tornado", { rank: 3, expires: "2026-09-01T13:02:10Z" });
  const made = seen([short]);
  assert.deepEqual([made.cards.length, made.lapsed.length, made.bars[0].kind], [0, 0, "confirmed"]);
});

test("an advisory leaves the everyday page its turn, and the page names it", () => {
  const made = seen([thunder]);
  assert.equal(made.everyday, true);
  assert.deepEqual(made.bars.map((bar) => [bar.kind, bar.text]), [["listed", "雷注意報"]]);
});

test("from rank 3 on, and in a drill, the everyday page has no turn", () => {
  assert.equal(seen([thunder, landslide]).everyday, false);
  assert.equal(seen([stream("d", "レベル２大雨注意報", "heavy_rain", { level: 2, drill: true })]).everyday, false);
});

test("a device that lost its time shows nothing as in force, and nothing as over", () => {
  const made = seen([landslide], { clockKnown: false, line: { state: "lost", heard: at("12:41:00") } });
  assert.deepEqual(made.cards, []);
  assert.deepEqual(made.lapsed.map((one) => [one.name, one.since]), [["土砂災害危険警報", "21:41"]]);
});
