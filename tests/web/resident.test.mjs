// What the resident's page says, and hands over.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MIN_RANKS, ROLES } from "../../services/gateway/web/resident/mine.js";
import { RANKS, ROLE_LONG, SAY, TABS } from "../../services/gateway/web/resident/sayings.js";
import { registrationWords, testWords } from "../../services/gateway/web/resident/settings.js";
import { foundHere } from "../../services/gateway/web/resident/chooser.js";
import { plainLines } from "../../services/gateway/web/resident/flow.js";
import { sentence } from "../../services/gateway/web/resident/share.js";
import { checkedAt, timeOf, unconfirmedSince } from "../../services/gateway/web/resident/time.js";
import { LANGUAGES } from "../../services/gateway/web/resident/words.js";

const T = Date.parse("2026-09-01T13:40:00Z");
const everything = { ...SAY, ...TABS, ...ROLE_LONG, ...Object.fromEntries(MIN_RANKS.flatMap((rank) => [[`name ${rank}`, RANKS[rank].name], [`what ${rank}`, RANKS[rank].what]])) };

test("every sentence stands in every language", () => {
  Object.entries(everything).forEach(([name, words]) => LANGUAGES.forEach(({ language }) => assert.ok(words[language], `${name} ${language}`)));
  ROLES.forEach((role) => assert.ok(ROLE_LONG[role]));
});

test("easy Japanese is written in kana", () => {
  Object.entries(everything).forEach(([name, { easy }]) => assert.doesNotMatch(easy, /\p{Script=Han}/u, name));
});

test("a rank is never called a warning level", () => {
  MIN_RANKS.forEach((rank) => assert.doesNotMatch(JSON.stringify(RANKS[rank]), /レベル|level/i));
});

const CARD = {
  drill: false, level: 4, mark: { kind: "level", level: 4, equivalent: false }, name: { ja: "避難指示", easy: "みんな にげて ください", en: "Evacuation order" }, parts: ["避難指示"], kicker: { ja: "土砂災害", easy: "", en: "" },
  places: [{ ja: "早川地区", easy: "はやかわ", en: "Hayakawa" }], action: { ja: "危険な場所から 全員避難", easy: "にげて ください", en: "Everyone: leave dangerous places" },
  source: { who: { ja: "小田原市", easy: "おだわらし", en: "Odawara City" }, sent: T, verb: { ja: "発令", easy: "だしました", en: "issued" } },
};
const PAGE = { demo: false, url: "https://example.jp/situation" };

test("what the family is told names place, order, level, what to do, time and source", () => {
  assert.equal(sentence(CARD, "ja", "22:40", PAGE), "早川地区：避難指示（警戒レベル4）。危険な場所から 全員避難。（小田原市 22:40 発令） https://example.jp/situation");
  assert.equal(sentence(CARD, "en", "22:40", PAGE), "Hayakawa: Evacuation order (level 4). Everyone: leave dangerous places. (Odawara City, issued 22:40) https://example.jp/situation");
});

test("a drill, and a demo, say so first of all", () => {
  assert.match(sentence({ ...CARD, drill: true }, "ja", "22:40", PAGE), /^【訓練】これは訓練です。/);
  assert.match(sentence({ ...CARD, drill: true }, "easy", "22:40", PAGE), /^【訓練】れんしゅうです/);
  assert.match(sentence({ ...CARD, drill: true }, "en", "22:40", { ...PAGE, demo: true }), /^【DEMO】DRILL: This is a drill, not a real alert\. Hayakawa/);
});

test("an official warning is handed on as equivalent to its level, and what has none without one", () => {
  assert.match(sentence({ ...CARD, mark: { kind: "level", level: 4, equivalent: true } }, "ja", "22:40", PAGE), /警戒レベル4相当/);
  assert.doesNotMatch(sentence({ ...CARD, level: null, mark: { kind: "grade", by: "", grade: CARD.action } }, "ja", "22:40", PAGE), /レベル/);
});

test("how far the register is and what became of a test is said in words", () => {
  assert.equal(registrationWords({ kind: "off", code: "", at: 0 }, "ja", T), "");
  assert.equal(registrationWords({ kind: "saved", code: "", at: 0 }, "ja", T), "保存しました 22:40");
  assert.match(registrationWords({ kind: "refused", code: "E5423", at: 0 }, "en", T), /E5423/);
  assert.equal(registrationWords({ kind: "offline", code: "", at: 0 }, "ja", T), SAY.waiting.ja);
  assert.equal(registrationWords({ kind: "saving", code: "", at: 0 }, "ja", T), SAY.saving.ja);
  const words = [null, { code: "E5434" }, { code: "E5439" }, { outcome: "accepted" }, { outcome: "under-way" }, { outcome: "dead" }].map((answer) => testWords(answer, "ja"));
  assert.deepEqual(words, [SAY.tryNone.ja, SAY.tryOften.ja, SAY.tryNone.ja, SAY.trySent.ja, SAY.tryUnderWay.ja, SAY.tryDead.ja]);
});

test("without a line places are found among those known here", () => {
  const named = (jis5, ja, easy, en) => ({ jis5, name: { ja, easy, en } });
  const city = { ...named("14206", "小田原市", "おだわらし", "Odawara City"), prefecture: { ja: "神奈川県", easy: "", en: "" }, neighbours: [named("14208", "逗子市", "ずしし", "Zushi City")] };
  assert.deepEqual(foundHere(city, " zus").map(({ jis5 }) => jis5), ["14208"]);
  assert.deepEqual(foundHere(city, "し").map(({ jis5 }) => jis5), ["14206", "14208"]);
  assert.deepEqual(foundHere(null, "し"), []);
});

test("times are absolute and Japanese, with the date when it is another day", () => {
  assert.equal(timeOf("ja", T, T), "22:40");
  assert.equal(timeOf("en", T, T + 86400000), "1 Sep 22:40");
  assert.equal(checkedAt("en", T), "checked 22:40");
  assert.equal(unconfirmedSince("ja", "22:40"), "22:40 以降は未確認です。テレビ・ラジオで確認してください");
  assert.match(unconfirmedSince("ja", ""), /^まだ一度も/);
});

test("the record says why without the names of reports and orders", () => {
  const lines = ["警報 jma:VPWW55:140000~run-1:x：横浜地方気象台が 11/25 07:34:51 に発表。", "  内容：「レベル３大雨警報」小田原市、ランク3。", "判断 11/25 07:34:52：この端末に知らせると決めた。", "配信 alert:jma:x@y:10:0：11/25 07:34:52 配信網が受け付けた。", "台帳（訓練 drill-run-1）：小田原市の大雨。"];
  assert.deepEqual(plainLines(lines), ["警報：横浜地方気象台が 11/25 07:34:51 に発表。", lines[1], lines[2], "配信：11/25 07:34:52 配信網が受け付けた。", "台帳（訓練）：小田原市の大雨。"]);
});
