// The typeface comes in slices that a browser fetches when a character is first shown. What a sign says when its line is
// dead must therefore be fetched while the line lives.

import { EQUIVALENT, HAZARDS, LEVELS } from "../shared/contract.js";

/** What the sign itself says, whatever the alerts are. */
const OWN_WORDS =
  "通信が切れています以降は未確認です。テレビ・ラジオで確認してください情報を確認しています前回の確認まだ一度も確認できていません" +
  "解除は確認できていません続いていると考えて件届いていませんに発表中の警報・避難情報はありません市からのお知らせこの地域のサインの設定" +
  "警戒レベル相当訓練の内容これは訓練です発令発表観測気象庁特別危険警報注意報早期情報速報緊急安全確保指示高齢者等" +
  "月火水木金土日（）：、。・ほか所区町村県川 0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,?;()";

/** Every character that the contract or the sign can put on the screen. */
export function allWords() {
  return Array.from(new Set(OWN_WORDS + JSON.stringify([LEVELS, HAZARDS, EQUIVALENT]))).join("");
}

/**
 * Fetches the slices of both weights.
 * @param {string} more what else this sign shows: the city's name, its own, its everyday items
 * @returns {Promise<unknown>}
 */
export function fetchTypeface(more) {
  const text = allWords() + more;
  const fonts = document.fonts;
  return fonts && fonts.load
    ? Promise.all(["400", "700"].map((weight) => fonts.load(`${weight} 40px "BIZ UDPGothic"`, text))).catch(() => undefined)
    : Promise.resolve();
}
