// これまでの流れ as elements, and why a notification came: what the person wished, then what the records say.

import { EQUIVALENT } from "../shared/contract.js";
import { el } from "../shared/dom.js";
import { jst } from "../shared/clock.js";
import { button, byId } from "./paint.js";
import { RANKS, SAY } from "./sayings.js";
import { timeOf } from "./time.js";
import { WORDS } from "./words.js";
import { placeName } from "./prepare.js";

/** @typedef {import("./words.js").Language} Language */
/** @typedef {import("./course.js").Entry} Entry */
/** @typedef {import("./course.js").Course} Course */
/** @typedef {import("./mine.js").MyPlace} MyPlace */

/** Entries shown; the rest is older than anybody asks for on a telephone. */
const SHOWN_MAX = 12;

/** How it is said that something is no more, or not known to be. */
const TAILS = /** @type {{[kind: string]: keyof typeof SAY}} */ ({ over: "over", cancel: "cancelled", lapse: "lapsed" });

/** Warnings and orders are released 解除, anything else is over 終了. @param {Entry} entry */
function isReleased(entry) {
  return entry.order || /(警報|注意報)$/.test(entry.name.ja);
}

/** What is said of one entry, without its time. @param {Entry} entry @param {Language} language */
export function entryWords(entry, language) {
  const english = language === "en";
  const equivalent = entry.equivalent ? EQUIVALENT[language] : "";
  const level = entry.level === null ? "" : english ? ` (level ${entry.level}${equivalent && ` ${equivalent}`})` : `（レベル${entry.level}${equivalent}）`;
  const name = `${entry.name[language]}${level}`;
  const end = entry.kind === "over" && isReleased(entry) ? "released" : TAILS[entry.kind];
  const tail = end ? SAY[end][language] : "";
  return tail ? `${name}${english ? ": " : " "}${tail}` : name;
}

/**
 * @param {Course} course
 * @param {Language} language
 * @param {number} now
 */
export function flowElements(course, language, now) {
  const rows = course.entries.slice(0, SHOWN_MAX).map((entry) => {
    const attributes = /** @type {{[name: string]: string}} */ ({ class: `spot ${entry.kind}` });
    if (entry.level !== null && (entry.kind === "begin" || entry.kind === "change")) {
      attributes["data-level"] = String(entry.level);
    }
    const drill = entry.drill ? [el("span", { class: "drill-mark" }, [WORDS.drills[language]]), " "] : [];
    return el("li", {}, [
      el("span", { class: "at" }, [when(entry, language, now)]),
      el("span", attributes, []),
      el("span", { class: "what" }, [...drill, entryWords(entry, language)]),
    ]);
  });
  return [
    el("h2", {}, [SAY.course[language]]),
    rows.length > 0 ? el("ol", { class: "flow" }, rows) : el("p", { class: "hint" }, [SAY.courseNone[language]]),
  ];
}

/** @param {Entry} entry @param {Language} language @param {number} now */
function when(entry, language, now) {
  const time = timeOf(language, entry.at, now);
  const short = jst(entry.at).day === jst(now).day ? time : time.replace("月", "/").replace("日", "");
  return entry.by ? (language === "en" ? `${SAY.byThen.en} ${short}` : `${short}${SAY.byThen[language]}`) : short;
}

/**
 * Why: first in the person's own terms, then the lines of the record.
 * @param {MyPlace} place
 * @param {string[] | null} lines null when nobody could say
 * @param {Language} language
 */
export function reasonElements(place, lines, language) {
  const wish = RANKS[place.minRank];
  const own = wish ? `${placeName(place, language)}${language === "en" ? ": " : "："}${wish.name[language]}` : placeName(place, language);
  return [
    el("p", { class: "strong" }, [own]),
    ...(lines
      ? [el("p", { class: "hint" }, [SAY.reasonRecord[language]]), el("ul", { class: "record", lang: "ja" }, lines.map((line) => el("li", line.startsWith("  ") ? { class: "in" } : {}, [line.trim()])))]
      : [el("p", {}, [SAY.reasonNone[language]])]),
  ];
}

/** The link that asks why, and what it opens. @param {Language} language @param {() => void} ask */
export function reasonLink(language, ask) {
  return [button({ class: "link", id: "why", "aria-controls": "reason", "aria-expanded": "false" }, [SAY.reason[language]], ask), el("div", { id: "reason", role: "status" }, [])];
}

/** @param {(Node | string)[]} children */
export function showReason(children) {
  const box = byId("reason");
  box.textContent = "";
  box.append(...children);
  byId("why").setAttribute("aria-expanded", String(children.length > 0));
}
