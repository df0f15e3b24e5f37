// What the sign should look like now, from what is known: no DOM. Everything a person reads is decided here.

import { dayAndTime, hhmm } from "../shared/clock.js";
import { card } from "../shared/lines.js";
import { inForce } from "../shared/situation.js";

/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("../shared/types").Place} Place */
/** @typedef {import("../shared/types").Line} Line */
/** @typedef {import("../shared/types").Lapse} Lapse */
/** @typedef {import("../shared/types").Situation} Situation */

/** At and below this rank the everyday page keeps its turn: an advisory of weeks must not teach people to look away. */
export const EVERYDAY_RANK = 2;
/** The everyday page's place in the rotation. */
export const EVERYDAY = { key: "everyday", subject: "everyday", rank: 1, drill: false };

/** `strong` stands out, `text` follows; `kind` decides the look of a bar. @typedef {{kind: "lost" | "lapsed" | "checking" | "confirmed" | "listed", strong: string, text: string, english: string, time: string}} Bar */
/** @typedef {{cards: Card[], bars: Bar[], lapsed: LapsedCard[], everyday: boolean}} Scene */
/** @typedef {{name: string, kicker: string, since: string}} LapsedCard */

const ELSEWHERE = "テレビ・ラジオで確認してください";

/**
 * `clockKnown` is false when nobody can say what time it is: then nothing can be said to be unexpired.
 * @typedef {{situation: Situation, leases: Map<string, number>, place: Place, line: Line, now: number, clockKnown: boolean}} Known
 */

/**
 * @param {Known} known
 * @returns {Scene}
 */
export function scene(known) {
  const view = { surface: /** @type {"sign"} */ ("sign"), mine: known.place.mine, now: known.now, leases: known.leases };
  const found = inForce(known.situation, view);
  const cards = known.clockKnown ? found.real.concat(found.drills).map((block) => card(block, known.place)) : [];
  const lapses = known.clockKnown ? found.lapsed : found.lapsed.concat(found.real.map((block) => unknownSince(block, known)));
  const lapsed = lapses.map((lapse) => lapsedCard(lapse, known));
  const everyday = cards.every((one) => one.rank <= EVERYDAY_RANK && !one.drill);
  const line = lineBars(known);
  const last = line.length || lapsed.length || !everyday ? [] : [quietBar(cards, known)];
  return { cards, lapsed, everyday, bars: line.concat(last) };
}

/** @param {import("../shared/types").Block} block @param {Known} known @returns {Lapse} */
function unknownSince(block, known) {
  return { block, since: known.line.heard === null ? Date.parse(block.alert.sent) : known.line.heard };
}

/** @param {Lapse} lapse @param {Known} known @returns {LapsedCard} */
function lapsedCard(lapse, known) {
  const lost = card(lapse.block, known.place);
  return { name: lost.name.join(""), kicker: lost.kicker.ja, since: dayAndTime(lapse.since, known.now) };
}

/**
 * What is wrong with the line or the sources; nothing when both are well.
 * @param {Known} known
 * @returns {Bar[]}
 */
function lineBars(known) {
  const { line } = known;
  if (line.state === "lost") {
    return [lostBar(line.heard === null ? null : when(line.heard, known))];
  }
  if (line.state === "connecting") {
    return [checkingBar(line.heard === null ? "" : `前回の確認 ${when(line.heard, known)}`)];
  }
  const silent = Array.from(known.leases.values()).filter((until) => known.now >= until);
  if (silent.length > 0) {
    return [silentBar(dayAndTime(Math.min.apply(null, silent), known.now))];
  }
  return known.leases.size === 0 ? [checkingBar("")] : [];
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
  const names = cards.map((one) => one.name.join("")).join("、");
  return { kind: "listed", strong: "発表中", text: names, english: cards.map((one) => one.nameEnglish).join(", "), time };
}
