// An alert on the situation page: what to do, where, since when and says who.

import { el, phrases } from "../shared/dom.js";
import { icon, levelShape } from "../shared/icons.js";
import { levelRow, lines } from "../shared/lines.js";
import { EQUIVALENT } from "../shared/contract.js";
import { WORDS } from "./words.js";

/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("./words.js").Language} Language */

/** From this rank on an alert is told large. */
const LARGE_RANK = 3;

/**
 * @param {Card} card
 * @param {Language} language
 * @param {string} time of its issue, written out
 */
export function cardElement(card, language, time) {
  const large = card.rank >= LARGE_RANK;
  const said = lines(card, language, time);
  const attributes = /** @type {{[name: string]: string}} */ ({ class: `alert ${large ? "large" : "small"}${card.drill ? " drill" : ""}` });
  if (card.level !== null) {
    attributes["data-level"] = String(card.level);
  }
  return el("article", attributes, [
    card.drill ? el("p", { class: "drill-mark" }, [WORDS.drills[language]]) : "",
    el("div", { class: "head" }, [badge(card, language), el("span", { class: "hazard" }, [icon(card.hazard), " ", said.about])]),
    el("h3", { class: "name" }, name(card, language)),
    el("p", { class: "action" }, phrases(said.action)),
    el("p", { class: "source" }, [
      el("span", {}, [said.source]),
      el("span", { class: "place" }, [said.place]),
    ]),
  ]);
}

/**
 * The same on the resident's page: what can wait is one line that opens, what cannot has its easy words beside it.
 * @param {Card} card
 * @param {Language} language
 * @param {string} time of its issue, written out
 */
export function rowElement(card, language, time) {
  const made = cardElement(card, language, time);
  if (card.rank >= LARGE_RANK) {
    const action = made.querySelector(".action");
    if (action && language === "ja" && card.action.easy !== card.action.ja) {
      action.insertAdjacentElement("afterend", el("p", { class: "easy" }, phrases(card.action.easy)));
    }
    return made;
  }
  const attributes = /** @type {{[name: string]: string}} */ ({ class: `alert small row${card.drill ? " drill" : ""}` });
  if (card.level !== null) {
    attributes["data-level"] = String(card.level);
  }
  const mark = card.mark.kind === "level" && card.level !== null ? rowShape(card.level, language) : icon(card.hazard);
  return el("details", attributes, [
    el("summary", {}, [
      ...(card.drill ? [el("span", { class: "drill-mark" }, [WORDS.drills[language]])] : []),
      mark,
      el("span", { class: "name" }, name(card, language)),
      el("span", { class: "when" }, [`${shortSource(card, language)} ${time}`]),
    ]),
    ...Array.from(made.querySelectorAll(".head, .action, .source")),
  ]);
}

/** @param {number} level @param {Language} language */
function rowShape(level, language) {
  const row = levelRow(level);
  return el("span", { class: "badge level" }, [
    el("span", { class: "unseen" }, [`${WORDS.level[language]} `]),
    levelShape(row ? row.shape : "square", String(level)),
  ]);
}

/** Who says it, in the few characters a row has. @param {Card} card @param {Language} language */
function shortSource(card, language) {
  const mark = card.mark;
  const who = card.source.who[language];
  return language === "ja" && who.endsWith("気象台") ? "気象庁" : mark.kind === "grade" && language === "ja" ? mark.by : who;
}

/** @param {Card} card @param {Language} language */
function name(card, language) {
  if (language === "ja") {
    return card.parts.map((part) => el("span", { class: "phrase" }, [part]));
  }
  return language === "easy" ? phrases(card.name.easy) : [card.name.en];
}

/** The level with number, word and shape; or how the source grades it. @param {Card} card @param {Language} language */
function badge(card, language) {
  const mark = card.mark;
  if (mark.kind === "grade") {
    return el("span", { class: "badge" }, [lines(card, language, "").mark]);
  }
  const row = levelRow(mark.level);
  return el("span", { class: "badge level" }, [
    `${WORDS.level[language]} `,
    levelShape(row ? row.shape : "square", String(mark.level)),
    mark.equivalent ? ` ${EQUIVALENT[language]}` : "",
  ]);
}

/**
 * An alert that nobody could confirm: named, with the time; not an all-clear.
 * @param {Card} card
 * @param {Language} language
 * @param {string} since
 */
export function lapsedElement(card, language, since) {
  const when = language === "en" ? `${WORDS.lapsedSince.en} ${since}` : `${since} ${WORDS.lapsedSince[language]}`;
  return el("article", { class: "alert small lapsed" }, [
    el("p", { class: "head" }, [el("span", { class: "badge" }, [when])]),
    el("h3", { class: "name" }, name(card, language)),
    el("p", { class: "action" }, [`${WORDS.lapsed[language]}${language === "en" ? ". " : "。"}${WORDS.elsewhere[language]}`]),
  ]);
}
