// The pages' cards from what the gateway sends, against the same golden lines that the Python side is held to.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { HAZARDS } from "../../services/gateway/web/shared/contract.js";
import { hhmm } from "../../services/gateway/web/shared/clock.js";
import { card, lines, placesOf } from "../../services/gateway/web/shared/lines.js";
import { message, text } from "./messages.mjs";

const ODAWARA = { areaDesc: "小田原市", code: { scheme: "class20", code: "1420600" } };
const BAY = { areaDesc: "相模湾・三浦半島", code: { scheme: "tsunami", code: "330" } };
const ZUSHI = { areaDesc: "逗子市", code: { scheme: "class20", code: "1420800" } };
const district = (name, code) => ({ areaDesc: name, code: { scheme: "district", code } });
const CITY = { ja: "小田原市", easy: "おだわらし", en: "Odawara City" };
const PLACE = {
  name: CITY,
  mine: new Set(["class20:1420600", "tsunami:330", "district:1", "district:2", "district:3"]),
  names: new Map([["tsunami:330", { ja: "相模湾", easy: "さがみわん", en: "Sagami Bay" }]]),
};
/** The sign of the golden files: the bay has no name of ours there. */
const SIGN = { ...PLACE, names: new Map([["class20:1420600", CITY]]) };

const FOLDER = new URL("../fixtures/wording/", import.meta.url);
const golden = readdirSync(FOLDER)
  .map((name) => ({ name, sign: JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")).sign }))
  .filter(({ sign }) => sign);

golden.forEach(({ name, sign }) => {
  test(`${name}: the card that the page makes of what it is sent has the golden lines`, () => {
    const { stream, kept: [alert], drill } = sign.stream;
    const made = alert.info.map((info) => card({ stream, revision: alert.revision, alert, info, drill: Boolean(drill), rank: info.rank }, SIGN));
    const told = made.map((one) => {
      assert.equal(one.parts.join(""), one.name.ja);
      return Object.fromEntries(["ja", "easy", "en"].map((language) => [language, lines(one, language, hhmm(one.source.sent))]));
    });
    assert.deepEqual(told, sign.cards);
  });
});

test("there are golden cards", () => assert.ok(golden.length >= 12));

function block({ said = message(), event = "警報", hazard = "landslide", origin = "official", areas = [ODAWARA], drill = false, rank = 3 } = {}) {
  const info = { event, hazard, state: "active", rank, area: areas, message: said };
  const alert = { origin, source: "jma", senderName: "気象庁", sent: "2026-09-01T13:40:00Z", revision: "r1", info: [info], lease: "" };
  return { stream: "s", revision: "r1", alert, info, drill, rank };
}

test("a level stands in its mark, without one how the source grades it", () => {
  assert.deepEqual(card(block({ said: message({ level: 4, equivalent: true }) }), PLACE).mark, { kind: "level", level: 4, equivalent: true });
  const gale = card(block({ said: message({ grade: text("特別 警報") }), rank: 5 }), PLACE);
  assert.deepEqual([gale.level, gale.mark], [null, { kind: "grade", by: "気象庁", grade: text("特別 警報") }]);
  assert.ok(!JSON.stringify(lines(gale, "ja", "22:40")).includes("レベル"));
});

test("what a gateway of before sends without words is still read, under its own name and without a level", () => {
  const bare = block({ event: "レベル４土砂災害危険警報", hazard: "flood:1" });
  delete bare.info.message;
  const made = card(bare, PLACE);
  assert.deepEqual([made.name.ja, made.level, made.hazard, made.source.who.ja], ["レベル４土砂災害危険警報", null, "flood", "気象庁"]);
  assert.equal(made.action, HAZARDS.notice.action);
  assert.equal(lines(card({ ...bare, drill: true }, PLACE), "ja", "22:40").drill, "【訓練】これは訓練です");
});

test("a drill is one by its stream, whatever its message says", () => {
  assert.equal(card(block({ drill: true }), PLACE).drill, true);
  assert.match(lines(card(block({ drill: true }), PLACE), "en", "22:40").action, /^The drill says: /);
});

test("the place is the city when it is all of the city, else the areas that are ours", () => {
  const places = (areas) => placesOf({ area: areas }, PLACE).map((name) => name.ja);
  assert.deepEqual(places([ZUSHI, ODAWARA, BAY]), ["小田原市"]);
  assert.deepEqual(places([ZUSHI, BAY]), ["相模湾・三浦半島"]);
  assert.deepEqual(places([district("早川", "1"), district("風祭", "2"), district("早川", "3")]), ["早川", "風祭"]);
});

test("a place has its source's own name, and ours in other languages", () => {
  assert.deepEqual(placesOf({ area: [BAY] }, PLACE), [{ ja: "相模湾・三浦半島", easy: "さがみわん", en: "Sagami Bay" }]);
});

test("what the office says is about the districts that it names", () => {
  const whole = { areaDesc: "小田原市 早川・風祭", code: { scheme: "class20", code: "1420600" } };
  assert.deepEqual(placesOf({ area: [whole] }, SIGN), [CITY]);
  assert.deepEqual(placesOf({ area: [whole] }, SIGN, "office"), [{ ...CITY, ja: "小田原市 早川・風祭" }]);
});

test("many places are counted after those that fit, and one that is too long is cut", () => {
  const long = (code) => district(`とても長い名前の自治会区域${code}`, code);
  const listed = placesOf({ area: [long("1"), long("2"), long("3")] }, PLACE).map((name) => name.ja);
  assert.deepEqual(listed, ["とても長い名前の自治会区域1", "とても長い名前の自治会区域2", "ほか1か所"]);
  assert.equal(placesOf({ area: [district("長".repeat(300), "1")] }, PLACE)[0].ja.length, 60);
});

test("one subject keeps its place when its name changes", () => {
  const [low, high] = ["レベル２大雨注意報", "レベル５大雨特別警報"].map((event) => card(block({ event, hazard: "heavy_rain" }), PLACE));
  assert.equal(low.subject, high.subject);
  assert.notEqual(low.key, high.key);
});
