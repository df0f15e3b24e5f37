// 備え: what a person can do before anything happens. Where they would go, what the levels mean, what the city advises.

import { LEVELS } from "../shared/contract.js";
import { el, phrases } from "../shared/dom.js";
import { levelShape } from "../shared/icons.js";
import { REFUGE_MAX } from "./mine.js";
import { ROLE, SAY } from "./sayings.js";
import { WORDS } from "./words.js";

/** @typedef {import("../shared/types").City} City */
/** @typedef {import("./words.js").Language} Language */
/** @typedef {import("./mine.js").Mine} Mine */
/** @typedef {import("./mine.js").MyPlace} MyPlace */

/** 自宅 小田原市. @param {MyPlace} place @param {Language} language */
export function placeName(place, language) {
  const role = ROLE[place.role][language];
  return role ? `${role} ${place.name[language]}` : place.name[language];
}

/**
 * @param {Mine} mine
 * @param {City | null} city
 * @param {Language} language
 * @param {(index: number, refuge: string) => void} decide
 */
export function prepareElements(mine, city, language, decide) {
  return [
    ...(mine.places.length > 0 ? [refuges(mine, language, decide)] : []),
    el("section", { class: "panel" }, [el("h2", {}, [SAY.levels[language]]), el("ol", { class: "levels" }, levelRows(language))]),
    ...(city && city.idle.length > 0 ? [el("section", { class: "panel" }, idleItems(city, language))] : []),
    el("p", { class: "hint outside" }, [WORDS.limits[language]]),
    el("p", { class: "hint outside" }, [SAY.install[language]]),
  ];
}

/** @param {Mine} mine @param {Language} language @param {(index: number, refuge: string) => void} decide */
function refuges(mine, language, decide) {
  const fields = mine.places.map((place, index) => {
    const input = /** @type {HTMLInputElement} */ (
      el("input", { id: `refuge-${index}`, type: "text", maxlength: String(REFUGE_MAX), placeholder: SAY.refugeHint[language], autocomplete: "off" })
    );
    input.value = place.refuge;
    input.addEventListener("change", () => decide(index, input.value.trim()));
    return el("label", { class: "field" }, [el("span", {}, [placeName(place, language)]), input]);
  });
  return el("section", { class: "panel", id: "refuges" }, [
    el("h2", {}, [SAY.refuge[language]]),
    ...fields,
    el("p", { class: "hint" }, [SAY.onlyHere[language]]),
  ]);
}

/** The five levels, the highest first. @param {Language} language */
function levelRows(language) {
  return Object.values(LEVELS)
    .sort((one, two) => two.level - one.level)
    .map((row) =>
      el("li", { "data-level": String(row.level) }, [
        el("span", { class: "badge" }, [el("span", { class: "unseen" }, [WORDS.level[language]]), levelShape(row.shape, String(row.level))]),
        el("div", {}, [
          ...(row.order ? [el("p", { class: "strong" }, [row.order[language]])] : []),
          el("p", {}, phrases(row.action[language])),
        ]),
      ]),
    );
}

/** @param {City} city @param {Language} language */
function idleItems(city, language) {
  const items = city.idle.map((item) =>
    el("li", {}, [el("p", { class: "strong" }, [item.title[language]]), ...(item.text ? [el("p", {}, phrases(item.text[language]))] : [])]),
  );
  return [el("h2", {}, [SAY.advice[language]]), el("ul", { class: "advice" }, items)];
}
