// What the situation page itself says, in the three languages that are reviewed. Alerts bring their own words.

import { WARNING_LEVEL } from "../shared/contract.js";

/** @typedef {import("../shared/types").Text} Text */
/** @typedef {"ja" | "easy" | "en"} Language */

/** @type {{language: Language, lang: string, label: string}[]} */
export const LANGUAGES = [
  { language: "ja", lang: "ja", label: "日本語" },
  { language: "easy", lang: "ja", label: "やさしい日本語" },
  { language: "en", lang: "en", label: "English" },
];

/** @param {string} ja @param {string} easy @param {string} en @returns {Text} */
const text = (ja, easy, en) => ({ ja, easy, en });

export const WORDS = {
  situation: text("いまの状況", "いまの ようす", "Situation now"),
  level: text(WARNING_LEVEL.ja, WARNING_LEVEL.easy, "Level"),
  checked: text("確認", "に たしかめました", "checked"),
  none: text("発表中の警報・避難情報はありません", "けいほうや ひなんの しらせは ありません", "No warnings or evacuation information in force"),
  checking: text("情報を確認しています", "いま しらせを しらべています", "Checking the situation"),
  before: text("前回の確認", "まえに たしかめた とき", "Last checked"),
  lost: text("通信が切れています", "インターネットに つながって いません", "No connection"),
  silent: text("情報が届いていません", "しらせが とどいて いません", "No word from the source"),
  since: text("以降は未確認です", "から あとは わかりません", "is the last time anything was confirmed"),
  never: text("まだ一度も確認できていません", "まだ 1かいも たしかめて いません", "Nothing has been confirmed yet"),
  elsewhere: text("テレビ・ラジオで確認してください", "テレビや ラジオを みて ください", "Check TV or radio"),
  lapsed: text("解除は確認できていません", "おわったか わかりません", "Not confirmed to be over"),
  lapsedSince: text("以降 未確認", "から あとは わかりません", "last confirmed"),
  drills: text("訓練", "くんれん（れんしゅう）", "Drill"),
  drillNote: text("これは訓練です。実際の災害ではありません", "れんしゅうです。 ほんとうでは ありません", "This is a drill, not a real alert"),
  nobody: text("この地域の情報はここにはありません", "この ばしょの しらせは ここに ありません", "This page knows nothing about that area"),
  limits: text(
    "気象庁の情報は発表から1〜5分遅れて届きます。緊急地震速報は出ません。緊急速報メールや防災無線も確認してください。",
    "しらせは 1ぷんから 5ふん おくれます。 じしんの はやい しらせは でません。 けいたいでんわや スピーカーの しらせも きいて ください。",
    "Reports arrive here 1 to 5 minutes after issue, and earthquake early warnings do not. Also follow emergency alerts on your phone and the city's loudspeakers.",
  ),
};

/**
 * The language of a page: as asked in its address, as chosen before, as the browser prefers.
 * @param {string | null} asked
 * @param {string | null} chosen
 * @param {readonly string[]} preferred
 * @returns {Language}
 */
export function languageOf(asked, chosen, preferred) {
  const known = LANGUAGES.map((one) => one.language);
  const said = [asked, chosen].map((one) => known.find((language) => language === one)).find(Boolean);
  const [first = "ja"] = preferred;
  return said || (first.slice(0, 2) === "ja" ? "ja" : "en");
}
