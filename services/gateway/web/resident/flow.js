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

/** What is said of one entry, without its time, in parts that stay whole. @param {Entry} entry @param {Language} language */
function entryParts(entry, language) {
  const english = language === "en";
  const equivalent = entry.equivalent ? EQUIVALENT[language] : "";
  const level = entry.level === null ? "" : english ? ` (level ${entry.level}${equivalent && ` ${equivalent}`})` : `（レベル${entry.level}${equivalent}）`;
  const end = entry.kind === "over" && isReleased(entry) ? "released" : TAILS[entry.kind];
  const tail = end ? `${english ? ": " : " "}${SAY[end][language]}` : "";
  return [entry.name[language], level, tail].filter(Boolean);
}

/** @param {Entry} entry @param {Language} language */
export function entryWords(entry, language) {
  return entryParts(entry, language).join("");
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
      el("span", { class: "what" }, [...drill, ...entryParts(entry, language).map((part) => el("span", { class: "whole" }, [part]))]),
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
 * The lines of the record without what only an officer needs: names of reports and orders.
 * @param {string[]} lines
 */
export function plainLines(lines) {
  return lines.map((line) => line.replace(/^(警報|配信) \S+：/, "$1：").replace(/^台帳（訓練 [^）]*）/, "台帳（訓練）"));
}

/**
 * Why: what the person wished, then the reasons in their own language, then the record for who opens it.
 * @param {MyPlace} place
 * @param {{reasons: Text[], lines: string[]} | null} answer null when nobody could say
 * @param {Language} language
 */
export function reasonElements(place, answer, language) {
  const wish = RANKS[place.minRank];
  const own = wish ? `${placeName(place, language)}${language === "en" ? ": " : "："}${wish.name[language]}` : placeName(place, language);
  if (!answer) {
    return [el("p", { class: "strong" }, [own]), el("p", {}, [SAY.reasonNone[language]])];
  }
  return [
    el("p", { class: "strong" }, [own]),
    el("ul", { class: "record" }, answer.reasons.map((reason) => el("li", {}, [reason[language]]))),
    el("details", { class: "leasts" }, [el("summary", { class: "hint" }, [SAY.reasonRecord[language]]), recordList(plainLines(answer.lines))]),
  ];
}

/** The record is in Japanese, whatever the page speaks. @param {string[]} lines */
function recordList(lines) {
  return el("ul", { class: "record", lang: "ja" }, lines.map((line) => el("li", line.startsWith("  ") ? { class: "in" } : {}, [line.trim()])));
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
