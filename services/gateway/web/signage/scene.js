// What the sign should look like now, from what is known: no DOM. Everything a person reads is decided here.

import { dayAndTime, hhmm } from "../shared/clock.js";
import { card } from "../shared/lines.js";
import { shownNow, truth } from "../shared/truth.js";

/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("../shared/types").Place} Place */
/** @typedef {import("../shared/types").Lapse} Lapse */

/** At and below this rank the everyday page keeps its turn: an advisory of weeks must not teach people to look away. */
export const EVERYDAY_RANK = 2;
/** The everyday page's place in the rotation. */
export const EVERYDAY = { key: "everyday", subject: "everyday", rank: 1, drill: false };

/** `strong` stands out, `text` follows; `kind` decides the look of a bar. @typedef {{kind: "lost" | "lapsed" | "checking" | "confirmed" | "listed", strong: string, text: string, english: string, time: string}} Bar */
/** @typedef {{cards: Card[], bars: Bar[], lapsed: LapsedCard[], everyday: boolean}} Scene */
/** @typedef {{name: string, kicker: string, since: string}} LapsedCard */

const ELSEWHERE = "テレビ・ラジオで確認してください";

/** @typedef {import("../shared/types").Known & {place: Place}} Known */

/**
 * @param {Known} known
 * @returns {Scene}
 */
export function scene(known) {
  const found = shownNow(known, "sign", known.place.mine);
  const cards = found.real.concat(found.drills).map((block) => card(block, known.place));
  const lapsed = found.lapsed.map((lapse) => lapsedCard(lapse, known));
  const everyday = cards.every((one) => one.rank <= EVERYDAY_RANK && !one.drill);
  const line = lineBars(known);
  const last = line.length || lapsed.length || !everyday ? [] : [quietBar(cards, known)];
  return { cards, lapsed, everyday, bars: line.concat(last) };
}

/** @param {Lapse} lapse @param {Known} known @returns {LapsedCard} */
function lapsedCard(lapse, known) {
  const lost = card(lapse.block, known.place);
  return { name: lost.name.ja, kicker: lost.kicker.ja, since: dayAndTime(lapse.since, known.now) };
}

/**
 * What is wrong with the line or the sources; nothing when both are well.
 * @param {Known} known
 * @returns {Bar[]}
 */
function lineBars(known) {
  const { kind, since } = truth(known.line, known.leases, known.now);
  const told = since === null ? null : when(since, known);
  switch (kind) {
    case "lost":
      return [lostBar(told)];
    case "silent":
      return [silentBar(told || "")];
    case "checking":
      return [checkingBar(told === null ? "" : `前回の確認 ${told}`)];
    default:
      return [];
  }
}

/** @param {number} ms @param {Known} known */
function when(ms, known) {
  return known.clockKnown ? dayAndTime(ms, known.now) : hhmm(ms);
}

/** @param {string | null} since @returns {Bar} */
function lostBar(since) {
  return {
    kind: "lost",
    strong: "通信が切れています",
    text: `${since === null ? "まだ一度も確認できていません" : `${since}\u00a0以降は未確認です`}。${ELSEWHERE}`,
    english: `${since === null ? "No connection yet" : `No connection since ${since}`}. Check TV or radio.`,
    time: "",
  };
}

/** @param {string} text @returns {Bar} */
function checkingBar(text) {
  return { kind: "checking", strong: "情報を確認しています", text, english: "Checking the situation", time: "" };
}

/** @param {string} since @returns {Bar} */
function silentBar(since) {
  return {
    kind: "lapsed",
    strong: `${since}\u00a0以降 未確認`,
    text: `情報が届いていません。${ELSEWHERE}`,
    english: `Unconfirmed since ${since}. Check TV or radio.`,
    time: "",
  };
}

/**
 * What the everyday page says at its foot: that nothing is in force (only when that is known), or what is.
 * @param {Card[]} cards
 * @param {Known} known
 * @returns {Bar}
 */
function quietBar(cards, known) {
  const time = `${hhmm(known.line.heard === null ? known.now : known.line.heard)} 確認`;
  if (cards.length === 0) {
    const text = `${known.place.name.ja || "この地域"}に発表中の警報・避難情報はありません`;
    return { kind: "confirmed", strong: "", text, english: "No warnings or evacuation information in force", time };
  }
  const names = cards.map((one) => one.name.ja).join("、");
  return { kind: "listed", strong: "発表中", text: names, english: cards.map((one) => one.name.en).join(", "), time };
}
