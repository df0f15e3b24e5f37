// Times as a person reads them: absolute, Japanese, with the date when that is not today. And when something was checked.

import { dayAndTime, hhmm, jst } from "../shared/clock.js";
import { WORDS } from "./words.js";

/** @typedef {import("./words.js").Language} Language */

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY_MS = 86400000;

/** @param {Language} language @param {number} ms @param {number} now */
export function timeOf(language, ms, now) {
  const day = jst(ms);
  const today = jst(now).day === day.day && Math.abs(now - ms) < DAY_MS;
  return language === "en" && !today ? `${day.day} ${MONTHS[day.month - 1]} ${hhmm(ms)}` : dayAndTime(ms, now);
}

/** 22:41 確認. @param {Language} language @param {number} ms */
export function checkedAt(language, ms) {
  return language === "en" ? `${WORDS.checked.en} ${hhmm(ms)}` : `${hhmm(ms)} ${WORDS.checked[language]}`;
}

/** That nothing was confirmed since then; "" for never. @param {Language} language @param {string} when */
export function unconfirmedSince(language, when) {
  const said = when === "" ? WORDS.never[language] : `${when} ${WORDS.since[language]}`;
  return `${said}${language === "en" ? ". " : "。"}${WORDS.elsewhere[language]}`;
}
