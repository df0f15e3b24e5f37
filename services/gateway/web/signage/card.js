// One alert as elements: what to do, where, since when and says who.

import { DRILL, EQUIVALENT, LEVELS, WARNING_LEVEL } from "../shared/contract.js";
import { dayAndTime } from "../shared/clock.js";
import { el, phrases } from "../shared/dom.js";
import { icon, levelShape } from "../shared/icons.js";
import { levelRow, lines } from "../shared/lines.js";

/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("../shared/types").LevelMark} LevelMark */
/** @typedef {import("../shared/types").GradeMark} GradeMark */

/** @param {Card} card */
export function cardElement(card) {
  const attributes = /** @type {{[name: string]: string}} */ ({ class: `card${card.drill ? " drill" : ""}` });
  if (card.level !== null && String(card.level) in LEVELS) {
    attributes["data-level"] = String(card.level);
  }
  return el("section", attributes, [
    el("div", { class: "shift" }, [
      el("header", { class: "head" }, [
        card.mark.kind === "level" ? levelMark(card.mark) : gradeMark(card.mark),
        el("div", { class: "title" }, [
          el("p", { class: "kicker", lang: "ja" }, [icon(card.hazard), el("span", {}, [card.kicker.ja]), easyKicker(card)]),
          el("h1", { class: "name", lang: "ja" }, card.parts.map((part) => el("span", { class: "part" }, [part]))),
          el("p", { class: "english", lang: "en" }, [(card.drill ? DRILL.mark.en : "") + card.name.en, detail(card)]),
        ]),
      ]),
      el("div", { class: "what" }, [placeLine(card)].concat(card.drill ? drillLines(card) : actionLines(card))),
    ]),
  ]);
}

/** 警戒レベル, its number in its shape, and 相当 unless the city itself says so. @param {LevelMark} mark */
function levelMark(mark) {
  const row = levelRow(mark.level);
  return el("div", { class: "mark level", lang: "ja" }, [
    el("span", { class: "label" }, [WARNING_LEVEL.ja]),
    levelShape(row ? row.shape : "square", String(mark.level)),
    el("span", { class: "label equivalent" }, [mark.equivalent ? EQUIVALENT.ja : ""]),
  ]);
}

/** @param {GradeMark} mark */
function gradeMark(mark) {
  return el("div", { class: "mark grade", lang: "ja" }, [
    el("span", { class: "label" }, [mark.by]),
    el("span", { class: /[^ ]{3}/.test(mark.grade.ja) ? "word long" : "word" }, phrases(mark.grade.ja)),
  ]);
}

/** Where, and in English where all of it has an English name. @param {Card} card */
function placeLine(card) {
  const { places } = card;
  const names = places.map((name, index) => el("span", { class: "phrase" }, [index < places.length - 1 ? `${name.ja}、` : name.ja]));
  const foreign = places.every((name) => /[A-Za-z]/.test(name.en)) ? places.map((name) => name.en).join(", ") : "";
  const english = foreign ? [" ", el("span", { class: "english-place", lang: "en" }, [foreign])] : [];
  return el("p", { class: "place", lang: "ja" }, /** @type {(Node | string)[]} */ (names).concat(english));
}

/** @param {Card} card */
function actionLines(card) {
  return [
    el("p", { class: "action", lang: "ja" }, phrases(card.action.ja)),
    el("p", { class: "easy", lang: "ja" }, phrases(card.action.easy)),
    el("p", { class: "help", lang: "en" }, [card.action.en]),
  ];
}

/** The hazard in easy Japanese; an order is said in easy words below. @param {Card} card */
function easyKicker(card) {
  return el("span", { class: "kicker-easy", lang: "ja" }, card.order ? [] : [card.kicker.easy]);
}

/** The level in English, which the mark says in Japanese. @param {Card} card */
function detail(card) {
  const level = card.mark.kind === "level" ? ` (${WARNING_LEVEL.en} ${card.mark.level}${card.mark.equivalent ? ` ${EQUIVALENT.en}` : ""})` : "";
  return el("span", { class: "detail" }, [level]);
}

/** First that it is a drill, in every language; what it trains follows, smaller and marked again. @param {Card} card */
function drillLines(card) {
  return [
    el("p", { class: "action", lang: "ja" }, phrases(DRILL.said.ja)),
    el("p", { class: "easy", lang: "ja" }, phrases(DRILL.said.easy)),
    el("p", { class: "help", lang: "en" }, [DRILL.said.en]),
    el("p", { class: "trained", lang: "ja" }, phrases(lines(card, "ja", "").action)),
  ];
}

/**
 * Who said it and when: absolute, Japanese time.
 * @param {Card} card
 * @param {number} now
 */
export function sourceLine(card, now) {
  const { who, sent, verb } = card.source;
  return [
    ...phrases(who.ja),
    " ",
    el("span", { class: "phrase" }, [`${dayAndTime(sent, now)} ${verb.ja}${card.drill ? "（訓練）" : ""}`]),
  ];
}
