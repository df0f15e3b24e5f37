import assert from "node:assert/strict";
import { test } from "node:test";
import { HAZARDS, LEVELS } from "../../services/gateway/web/shared/contract.js";
import { card, nameParts, placesOf, plainName } from "../../services/gateway/web/shared/lines.js";

const ODAWARA = { areaDesc: "小田原市", code: { scheme: "class20", code: "1420600" } };
const BAY = { areaDesc: "相模湾・三浦半島", code: { scheme: "tsunami", code: "330" } };
const ZUSHI = { areaDesc: "逗子市", code: { scheme: "class20", code: "1420800" } };
const district = (name, code) => ({ areaDesc: name, code: { scheme: "district", code } });
const PLACE = {
  name: { ja: "小田原市", easy: "おだわらし", en: "Odawara City" },
  mine: new Set(["class20:1420600", "tsunami:330", "district:1", "district:2", "district:3"]),
  names: new Map([["tsunami:330", { ja: "相模湾", easy: "さがみわん", en: "Sagami Bay" }]]),
};

function block({ event, hazard, level, rank = level, origin = "official", source = "jma", senderName = "気象庁", areas = [ODAWARA], headline = "" }) {
  const info = { event, hazard, state: "active", level, rank, area: areas, headline };
  const alert = { origin, source, senderName, sent: "2026-09-01T13:40:00Z", revision: "r1", info: [info], lease: "" };
  return { stream: "s", revision: "r1", alert, info, drill: false, rank };
}

const landslide = { event: "レベル４土砂災害危険警報", hazard: "landslide", level: 4 };
const order = { event: "避難指示", hazard: "evacuation:1", level: 4, origin: "office", source: "office", senderName: "小田原市", headline: "土砂災害" };

test("an official warning of level 4 is level 4 equivalent under its own name, and orders nothing", () => {
  const made = card(block(landslide), PLACE);
  assert.deepEqual(made.mark, { kind: "level", level: 4, equivalent: true });
  assert.equal(made.name.join(""), "土砂災害危険警報");
  assert.equal(made.action.ja, LEVELS[4].equivalentAction.ja);
  assert.ok(!JSON.stringify(made).includes("避難指示"));
  assert.equal(made.source.verb.ja, "発表");
});

test("only the office's word is an order at its level", () => {
  const made = card(block(order), PLACE);
  assert.deepEqual(made.mark, { kind: "level", level: 4, equivalent: false });
  assert.equal(made.name.join(""), "避難指示");
  assert.equal(made.action.ja, LEVELS[4].action.ja);
  assert.equal(made.kicker.ja, "土砂災害");
  assert.equal(made.nameEnglish, "Evacuation order");
  assert.equal(made.source.verb.ja, "発令");
});

[3, 4, 5].forEach((level) => {
  test(`an official level ${level} never carries the city's order or its action`, () => {
    const made = card(block({ ...landslide, level }), PLACE);
    assert.equal(made.mark.equivalent, true);
    assert.notEqual(made.name.join(""), LEVELS[level].order.ja);
    assert.equal(made.action, LEVELS[level].equivalentAction);
  });
});

[1, 2].forEach((level) => {
  test(`level ${level} is the weather service's own, no equivalent`, () => {
    assert.equal(card(block({ event: "レベル２高潮注意報", hazard: "storm_surge", level }), PLACE).mark.equivalent, false);
  });
});

test("a hazard without a level has no level, whatever its rank", () => {
  const made = card(block({ event: "暴風特別警報", hazard: "wind", level: undefined, rank: 5 }), PLACE);
  assert.equal(made.level, null);
  assert.equal(made.mark.kind, "grade");
  assert.equal(made.mark.by, "気象庁");
  assert.equal(made.mark.grade.ja, "特別 警報");
  assert.equal(made.nameEnglish, "Strong wind emergency warning");
  assert.equal(made.action, HAZARDS.wind.action);
});

test("what only informs asks for attention alone", () => {
  const made = card(block({ event: "早期注意情報", hazard: "wind:information", level: undefined, rank: 1 }), PLACE);
  assert.equal(made.action, HAZARDS.notice.action);
  assert.equal(card(block({ event: "強風注意報", hazard: "wind", level: undefined, rank: 2 }), PLACE).action, HAZARDS.wind.action);
});

test("a gauge is a gauge, even where somebody gave it a level", () => {
  const made = card(block({ event: "氾濫危険水位", hazard: "gauge:140001", level: 4, rank: 3, origin: "gauge", source: "kriver", senderName: "早川 山崎" }), PLACE);
  assert.equal(made.level, null);
  assert.equal(made.mark.kind, "grade");
  assert.equal(made.mark.by, "早川 山崎");
  assert.equal(made.action, HAZARDS.gauge.action);
  assert.equal(made.source.verb.ja, "観測");
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
  const place = { ...PLACE, mine: new Set(["class20:1420600"]), names: new Map([["class20:1420600", PLACE.name]]) };
  assert.deepEqual(placesOf({ area: [whole] }, place), [PLACE.name]);
  assert.deepEqual(placesOf({ area: [whole] }, place, "office"), [{ ...PLACE.name, ja: "小田原市 早川・風祭" }]);
});

test("easy names say hazard and grade, orders what to do", () => {
  assert.equal(card(block(landslide), PLACE).nameEasy, "がけくずれの きけんけいほう");
  assert.equal(card(block(order), PLACE).nameEasy, LEVELS[4].order.easy);
});

test("the office is called by the city's name in every language", () => {
  assert.deepEqual(card(block(order), PLACE).source.who, PLACE.name);
  assert.equal(card(block({ ...landslide, senderName: "横浜地方気象台" }), PLACE).source.who.en, "JMA");
});

test("many places are counted after those that fit", () => {
  const long = (code) => district(`とても長い名前の自治会区域${code}`, code);
  const listed = placesOf({ area: [long("1"), long("2"), long("3")] }, PLACE).map((name) => name.ja);
  assert.deepEqual(listed, ["とても長い名前の自治会区域1", "とても長い名前の自治会区域2", "ほか1か所"]);
});

test("a river forecast names its river, without the remark in brackets", () => {
  const river = { areaDesc: "酒匂川（訓練用コード）", code: { scheme: "flood_area", code: "999999000100" } };
  const made = card(block({ event: "レベル３氾濫警報（発表）", hazard: "flood:999999000100", level: 3, areas: [river, ODAWARA] }), PLACE);
  assert.equal(made.kicker.ja, "酒匂川 氾濫");
  assert.deepEqual(made.name, ["氾濫警報"].flatMap((name) => nameParts(name)));
  assert.deepEqual(made.places, [PLACE.name]);
});

test("the hazard is called as the source calls it", () => {
  const kicker = (event) => card(block({ event, hazard: "wind", level: undefined, rank: 2 }), PLACE).kicker.ja;
  assert.deepEqual([kicker("強風注意報"), kicker("暴風警報"), kicker("暴風に関する何か")], ["強風", "暴風", "暴風"]);
});

test("names lose their level and what they say of their issuing", () => {
  assert.equal(plainName("レベル２氾濫注意報（警報解除）"), "氾濫注意報");
  assert.equal(plainName("レベル5大雨特別警報"), "大雨特別警報");
  assert.equal(plainName("雷注意報"), "雷注意報");
});

test("a name breaks between words and never inside one", () => {
  const parts = { 土砂災害危険警報: ["土砂災害", "危険警報"], 大雨特別警報: ["大雨", "特別警報"], 緊急安全確保: ["緊急", "安全確保"], 高齢者等避難: ["高齢者等", "避難"], 避難指示: ["避難指示"], 大津波警報: ["大津波警報"], 早期注意情報: ["早期注意情報"] };
  Object.entries(parts).forEach(([name, wanted]) => assert.deepEqual(nameParts(name), wanted));
});

test("English is put together from the hazard and its grade", () => {
  const english = (event, hazard) => card(block({ event, hazard, level: undefined, rank: 2 }), PLACE).nameEnglish;
  assert.equal(english("雷注意報", "thunder"), "Thunder advisory");
  assert.equal(english("大津波警報", "tsunami"), "Major tsunami warning");
  assert.equal(english("震度４", "quake"), "Earthquake");
});

test("a hazard that this page does not know yet is shown all the same", () => {
  const made = card(block({ event: "レベル４土石流危険警報", hazard: "debris", level: 4 }), PLACE);
  assert.equal(made.name.join(""), "土石流危険警報");
  assert.equal(made.action, LEVELS[4].equivalentAction);
});

test("one subject keeps its place when its name changes", () => {
  const low = card(block({ event: "レベル２大雨注意報", hazard: "heavy_rain", level: 2 }), PLACE);
  const high = card(block({ event: "レベル５大雨特別警報", hazard: "heavy_rain", level: 5 }), PLACE);
  assert.equal(low.subject, high.subject);
  assert.notEqual(low.key, high.key);
});
