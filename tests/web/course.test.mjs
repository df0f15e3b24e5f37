// これまでの流れ: what began, changed, ended; and what cannot be known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { noCourse, noted, readCourse } from "../../services/gateway/web/resident/course.js";
import { entryWords } from "../../services/gateway/web/resident/flow.js";
import { card } from "../../services/gateway/web/shared/lines.js";
import { message, text } from "./messages.mjs";

const T = Date.parse("2026-09-01T13:00:00Z");
const MINUTE = 60000;
const PLACE = { name: { ja: "小田原市", easy: "おだわらし", en: "Odawara City" }, mine: new Set(["class20:1420600"]), names: new Map() };
const NAMES = {
  "レベル３大雨警報": text("大雨警報", "おおあめの けいほう", "heavy rain warning"),
  "レベル４大雨危険警報": text("大雨危険警報"),
  "レベル５大雨特別警報": text("大雨特別警報"),
};
const AREA = [{ areaDesc: "小田原市", code: { scheme: "class20", code: "1420600" } }];

function anAlert(minute, { event = "レベル３大雨警報", level = 3, released = false, drill = false, stream = "rain", expires } = {}) {
  const sent = new Date(T + minute * MINUTE).toISOString();
  const info = { event, hazard: "heavy_rain", state: released ? "released" : "active", level, rank: level, area: AREA, expires, message: message({ hazard: "heavy_rain", name: NAMES[event], level, equivalent: true, sent }) };
  return { identifier: `${stream}@${minute}`, senderName: "横浜地方気象台", sent, status: drill ? "Exercise" : "Actual", source: "jma", origin: "official", streams: [stream], revision: sent, lease: "jma.extra", event: "", headline: "", info: [info] };
}

function seen(alert, { drill = false, lapsedSince = null } = {}) {
  const block = { stream: alert.streams[0], revision: alert.revision, alert, info: alert.info[0], drill, rank: alert.info[0].rank };
  return { card: card(block, PLACE), alert: alert.identifier, lapsedSince };
}

const situation = (...alerts) => ({ epoch: "e", offset: 1, streams: new Map(alerts.map((one) => [one.streams[0], { stream: one.streams[0], revision: one.revision, state: "active", standing: one.revision, kept: [one] }])) });
const at = (minute) => ({ now: T + minute * MINUTE, leases: new Map() });
const said = (course) => course.entries.map((entry) => [(entry.at - T) / MINUTE, entry.kind, entryWords(entry, "ja")]);

test("what begins is told at its own time, not at ours", () => {
  const rain = anAlert(0);
  const course = noted(noCourse(), [seen(rain)], situation(rain), at(30));
  assert.deepEqual(said(course), [[0, "begin", "大雨警報（レベル3相当）"]]);
});

test("a re-issue and a look without news change nothing", () => {
  const rain = anAlert(0);
  const course = noted(noCourse(), [seen(rain)], situation(rain), at(1));
  assert.equal(noted(course, [seen(rain)], situation(rain), at(2)), course);
  const again = anAlert(10);
  assert.deepEqual(said(noted(course, [seen(again)], situation(again), at(11))), said(course));
});

test("a rise and a fall stand above what was before", () => {
  const [low, high] = [anAlert(0), anAlert(20, { event: "レベル５大雨特別警報", level: 5 })];
  const course = noted(noted(noCourse(), [seen(low)], situation(low), at(1)), [seen(high)], situation(high), at(21));
  assert.deepEqual(said(course), [[20, "change", "大雨特別警報（レベル5相当）"], [0, "begin", "大雨警報（レベル3相当）"]]);
});

test("an end is told at the time of the word that ended it", () => {
  const [rain, over] = [anAlert(0), anAlert(40, { released: true })];
  const course = noted(noted(noCourse(), [seen(rain)], situation(rain), at(1)), [], situation(over), at(50));
  assert.deepEqual(said(course)[0], [40, "over", "大雨警報（レベル3相当） 解除"]);
  assert.equal(course.entries[0].by, false);
});

test("an end that nobody told is known only to have come by now", () => {
  const rain = anAlert(0);
  const course = noted(noted(noCourse(), [seen(rain)], situation(rain), at(1)), [], situation(), at(50));
  assert.deepEqual([course.entries[0].at, course.entries[0].by], [T + 50 * MINUTE, true]);
});

test("what was issued by mistake is told as withdrawn", () => {
  const rain = anAlert(0);
  const before = noted(noCourse(), [seen(rain)], situation(rain), at(1));
  const streams = new Map([["rain", { stream: "rain", revision: "x", state: "cancelled", kept: [] }]]);
  assert.equal(noted(before, [], { epoch: "e", offset: 2, streams }, at(9)).entries[0].kind, "cancel");
});

test("a lapse is told once, from when it lapsed, and is no end; a revival tells nothing", () => {
  const rain = anAlert(0);
  const before = noted(noCourse(), [seen(rain)], situation(rain), at(1));
  const lapsed = noted(before, [seen(rain, { lapsedSince: T + 30 * MINUTE })], situation(rain), at(31));
  assert.deepEqual(said(lapsed)[0], [30, "lapse", "大雨警報（レベル3相当） 以降 未確認"]);
  assert.equal(noted(lapsed, [seen(rain, { lapsedSince: T + 30 * MINUTE })], situation(rain), at(32)), lapsed);
  assert.equal(noted(lapsed, [seen(rain)], situation(rain), at(33)).entries.length, 2);
});

test("a drill that yields to something real is not over", () => {
  const drill = anAlert(0, { drill: true, stream: "drill" });
  const real = anAlert(5);
  const before = noted(noCourse(), [seen(drill, { drill: true })], situation(drill), at(1));
  const covered = noted(before, [seen(real)], situation(drill, real), at(6));
  assert.deepEqual(covered.entries.map(({ kind, drill }) => [kind, drill]), [["begin", false], ["begin", true]]);
  const closed = noted(covered, [seen(real)], situation(real), at(7));
  assert.equal(closed.entries[0].kind, "over");
});

test("of two blocks about one subject the worst counts", () => {
  const [high, low] = [anAlert(0, { level: 4, event: "レベル４大雨危険警報" }), anAlert(0)];
  const course = noted(noCourse(), [seen(high), seen(low)], situation(high), at(1));
  assert.equal(course.entries.length, 1);
  assert.equal(course.entries[0].level, 4);
});

test("after two days it is forgotten, and never more than thirty are kept", () => {
  const rain = anAlert(0);
  const course = noted(noCourse(), [seen(rain)], situation(rain), at(1));
  assert.deepEqual(noted(course, [seen(rain)], situation(rain), at(48 * 60 + 1)).entries, []);
  const many = Array.from({ length: 40 }, (_, index) => anAlert(index, { stream: `s${index}` }));
  assert.equal(noted(noCourse(), many.map((one) => seen(one)), situation(...many), at(60)).entries.length, 30);
});

test("what was kept is read back, and what is damaged begins anew", () => {
  const rain = anAlert(0);
  const course = noted(noCourse(), [seen(rain)], situation(rain), at(1));
  assert.deepEqual(readCourse(JSON.parse(JSON.stringify(course))), course);
  [null, 1, {}, { marks: {} }, { entries: [] }].forEach((kept) => assert.deepEqual(readCourse(kept), noCourse()));
});

test("an entry is said in every language, with its level and how it ended", () => {
  const rain = anAlert(0);
  const [entry] = noted(noCourse(), [seen(rain)], situation(rain), at(1)).entries;
  assert.equal(entryWords({ ...entry, kind: "over" }, "en"), "Heavy rain warning (level 3 equivalent): over");
  assert.equal(entryWords(entry, "easy"), "おおあめの けいほう（レベル3くらい）");
  assert.equal(entryWords({ ...entry, kind: "over", name: { ja: "竜巻注意情報", easy: "", en: "" }, level: null }, "ja"), "竜巻注意情報 終了");
  assert.equal(entryWords({ ...entry, order: true, equivalent: false, level: 4, name: { ja: "避難指示", easy: "", en: "" }, kind: "over" }, "ja"), "避難指示（レベル4） 解除");
});
