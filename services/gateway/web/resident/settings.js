// 設定: language, places with what is told of each, notifications, quiet hours, and the end of it all.

import { LEVELS } from "../shared/contract.js";
import { hhmm } from "../shared/clock.js";
import { el, put } from "../shared/dom.js";
import { levelShape } from "../shared/icons.js";
import { MIN_RANK, MIN_RANKS, PLACES_MAX } from "./mine.js";
import { button } from "./paint.js";
import { placeName } from "./prepare.js";
import { RANKS, SAY } from "./sayings.js";
import { LANGUAGES } from "./words.js";

/** @typedef {import("../shared/types").City} City */
/** @typedef {import("./words.js").Language} Language */
/** @typedef {import("./mine.js").Mine} Mine */
/** @typedef {import("./device.js").State} State */
/**
 * What the person does here.
 * @typedef {{
 *   speak: (language: Language) => void, add: () => void, remove: (index: number) => void,
 *   least: (index: number, rank: number) => void, notify: (on: boolean) => void,
 *   quiet: (change: {on?: boolean, start?: string, end?: string, orders?: boolean}) => void, test: () => void, look: () => void, erase: () => void,
 * }} Acts
 */

/**
 * @param {Mine} mine
 * @param {City | null} city
 * @param {Language} language
 * @param {Acts} acts
 */
export function settingsElements(mine, city, language, acts) {
  const demo = Boolean(city && city.demo);
  const told = demo && mine.notify;
  return [
    el("section", { class: "panel" }, [el("h2", { id: "languages-title" }, [SAY.language[language]]), languages(language, acts)]),
    places(mine, language, acts, told),
    notifications(mine, city, language, acts),
    ...(told ? [quietHours(mine, language, acts)] : []),
    el("section", { class: "panel" }, [
      el("h2", {}, [SAY.data[language]]),
      el("p", { class: "hint" }, [SAY.dataWhy[language]]),
      ...(told ? [button({ class: "link", id: "look" }, [SAY.look[language]], acts.look), el("pre", { class: "registered", id: "registered", role: "status" }, [])] : []),
      el("div", { id: "erasing" }, [button({ class: "danger", id: "erase" }, [SAY.deleteAll[language]], acts.erase)]),
    ]),
  ];
}

/** @param {Language} language @param {Pick<Acts, "speak">} acts */
export function languages(language, acts) {
  const buttons = LANGUAGES.map((one) =>
    button({ lang: one.lang, "aria-pressed": String(one.language === language), id: `speak-${one.language}` }, [one.label], () => acts.speak(one.language)),
  );
  return el("div", { class: "languages" }, buttons);
}

/** @param {Mine} mine @param {Language} language @param {Acts} acts @param {boolean} told whether anything is told of them */
function places(mine, language, acts, told) {
  const cards = mine.places.map((place, index) =>
    el("li", {}, [
      el("p", { class: "place-head" }, [
        el("b", {}, [placeName(place, language)]),
        button({ class: "plain small", "aria-label": `${SAY.remove[language]}: ${placeName(place, language)}` }, [SAY.removeShort[language]], () => acts.remove(index)),
      ]),
      ...(told ? [least(place.minRank, index, language, acts)] : []),
    ]),
  );
  const room = mine.places.length < PLACES_MAX;
  return el("section", { class: "panel" }, [
    el("h2", {}, [SAY.places[language]]),
    el("ul", { class: "places" }, cards),
    room ? button({ class: "plain wide", id: "more" }, [`＋ ${SAY.addPlace[language]}`], acts.add) : el("p", { class: "hint" }, [SAY.full[language]]),
  ]);
}

/**
 * From what on a place is told: the choice that stands, and all of them where somebody wants another, each with what it
 * means in shapes and in words.
 * @param {number} chosen @param {number} index @param {Language} language @param {Acts} acts
 */
function least(chosen, index, language, acts) {
  const summary = el("summary", { id: `least-${index}` }, chosenElements(chosen, language));
  const choices = MIN_RANKS.map((rank) => {
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "radio", name: `least-${index}`, value: String(rank), id: `least-${index}-${rank}` }));
    input.checked = rank === chosen;
    input.addEventListener("change", () => {
      put(summary, chosenElements(rank, language));
      acts.least(index, rank);
    });
    const { name, what } = rankRow(rank);
    return el("label", { class: "least" }, [
      input,
      el("span", { class: "least-name" }, [name[language], ...(rank === MIN_RANK ? [el("em", {}, [SAY.offered[language]])] : [])]),
      shapes(rank),
      el("span", { class: "least-what" }, [what[language]]),
    ]);
  });
  return el("details", { class: "leasts" }, [summary, el("fieldset", {}, [el("legend", { class: "unseen" }, [SAY.least[language]]), ...choices])]);
}

/** @param {number} rank @param {Language} language */
function chosenElements(rank, language) {
  return [el("span", { class: "hint" }, [SAY.least[language]]), el("span", { class: "least-name" }, [rankRow(rank).name[language]]), shapes(rank)];
}

/** @param {number} rank */
function rankRow(rank) {
  return /** @type {{name: import("../shared/types").Text, what: import("../shared/types").Text}} */ (RANKS[rank]);
}

/** The levels from 5 down, those that are told in their colours. @param {number} least */
function shapes(least) {
  const row = Object.values(LEVELS)
    .filter(({ level }) => level >= Math.min.apply(null, MIN_RANKS))
    .sort((one, two) => two.level - one.level)
    .map(({ level, shape }) => el("span", level >= least ? { "data-level": String(level) } : { class: "out" }, [levelShape(shape, String(level))]));
  return el("span", { class: "shapes", "aria-hidden": "true" }, row);
}

/** @param {Mine} mine @param {City | null} city @param {Language} language @param {Acts} acts */
function notifications(mine, city, language, acts) {
  const heading = el("h2", {}, [SAY.notify[language]]);
  if (!city || !city.demo) {
    return el("section", { class: "panel" }, [heading, el("p", {}, [SAY.notifyLive[language]])]);
  }
  const ready = mine.places.length > 0;
  return el("section", { class: "panel" }, [
    heading,
    el("p", { class: "hint" }, [SAY.notifyDemo[language]]),
    toggle("notify", SAY.notifyHere[language], mine.notify && ready, ready, acts.notify),
    ...(ready ? [] : [el("p", { class: "hint" }, [SAY.needPlace[language]])]),
    el("p", { id: "registration", class: "state", role: "status" }, []),
    ...(mine.notify && ready
      ? [
          el("p", { class: "buttons" }, [
            button({ class: "strong", id: "test" }, [SAY.test[language]], acts.test),
            ...(city.inbox ? [el("a", { class: "button plain", href: city.inbox, target: "_blank", rel: "noopener" }, [SAY.inbox[language]])] : []),
          ]),
          el("p", { id: "tested", class: "state", role: "status" }, []),
        ]
      : []),
  ]);
}

/** @param {Mine} mine @param {Language} language @param {Acts} acts */
function quietHours(mine, language, acts) {
  const { on, start, end, orders } = mine.quiet;
  return el("section", { class: "panel" }, [
    el("h2", {}, [SAY.quiet[language]]),
    toggle("quiet", SAY.quietOn[language], on, true, (now) => acts.quiet({ on: now })),
    ...(on
      ? [el("p", { class: "hours" }, [hour("quiet-start", SAY.quietFrom[language], start, (value) => acts.quiet({ start: value })), hour("quiet-end", SAY.quietTo[language], end, (value) => acts.quiet({ end: value }))]), toggle("quiet-orders", SAY.quietOrders[language], orders, true, (now) => acts.quiet({ orders: now }))]
      : []),
    el("p", { class: "hint" }, [SAY.quietStill[language]]),
  ]);
}

/** @param {string} id @param {string} label @param {boolean} on @param {boolean} enabled @param {(on: boolean) => void} turn */
function toggle(id, label, on, enabled, turn) {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", role: "switch", id }));
  input.checked = on;
  input.disabled = !enabled;
  input.addEventListener("change", () => turn(input.checked));
  return el("label", { class: "toggle" }, [el("span", {}, [label]), input]);
}

/** @param {string} id @param {string} label @param {string} value @param {(value: string) => void} set */
function hour(id, label, value, set) {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "time", id, value }));
  input.addEventListener("change", () => input.value && set(input.value));
  return el("label", {}, [input, el("span", {}, [label])]);
}

/** How far the register is. @param {State} state @param {Language} language @param {number} now */
export function registrationWords(state, language, now) {
  if (state.kind === "saved") {
    return `${SAY.saved[language]} ${hhmm(now)}`;
  }
  if (state.kind === "refused") {
    return `${SAY.refused[language]} (${state.code})`;
  }
  return state.kind === "off" ? "" : SAY[state.kind === "saving" ? "saving" : "waiting"][language];
}

/** What became of a test. @param {any} answer null when nobody answered @param {Language} language */
export function testWords(answer, language) {
  if (!answer) {
    return SAY.tryNone[language];
  }
  if (answer.code) {
    return SAY[answer.code === "E5434" ? "tryOften" : "tryNone"][language];
  }
  if (answer.outcome === "accepted") {
    return SAY.trySent[language];
  }
  return SAY[answer.outcome === "under-way" ? "tryUnderWay" : "tryDead"][language];
}
