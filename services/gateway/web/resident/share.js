// 家族に知らせる: a sentence with what, where, what to do, when and who says it, handed to whatever the telephone has for
// telling somebody. Nothing goes through us.

import { lines } from "../shared/lines.js";
import { SAY } from "./sayings.js";

/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("./words.js").Language} Language */

/**
 * @param {Card} card
 * @param {Language} language
 * @param {string} time
 * @param {{demo: boolean, url: string}} page
 */
export function sentence(card, language, time, page) {
  const english = language === "en";
  const { drill, mark, name } = lines(card, language, time);
  const level = card.level === null ? "" : english ? ` (${mark.toLowerCase()})` : `（${mark}）`;
  const places = card.places.map((place) => place[language]).join(english ? ", " : "・");
  const stop = english ? ". " : language === "easy" ? "。 " : "。";
  const marks = [page.demo ? `【${SAY.demo[language]}】` : "", drill && `${drill}${stop}`].join("");
  const { who, verb } = card.source;
  const said = english ? `(${who.en}, ${verb.en} ${time})` : `（${who[language]} ${time} ${verb[language]}）`;
  return `${marks}${places}${english ? ": " : "："}${name}${level}${stop}${card.action[language]}${stop}${said} ${page.url}`;
}

/**
 * Hands the sentence over: to the telephone's own sheet, else to the clipboard.
 * @param {string} text
 * @returns {Promise<"shared" | "copied" | "shown">} `shown`: neither is there, the person copies it by hand
 */
export async function handOver(text) {
  if (navigator.share) {
    try {
      await navigator.share({ text });
      return "shared";
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") {
        return "shared"; // they looked and changed their mind
      }
    }
  }
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch (error) {
    return "shown";
  }
}
