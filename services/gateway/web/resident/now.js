// What is in force in one place, as elements: how far it can be trusted, what is real, what nobody could confirm, drills.

import { hhmm } from "../shared/clock.js";
import { el } from "../shared/dom.js";
import { gap, tick } from "../shared/icons.js";
import { card } from "../shared/lines.js";
import { truth } from "../shared/truth.js";
import { cardElement, lapsedElement, rowElement } from "./cards.js";
import { checkedAt, timeOf, unconfirmedSince } from "./time.js";
import { WORDS } from "./words.js";

/** @typedef {import("../shared/types").Place} Place */
/** @typedef {import("../shared/types").Known} Known */
/** @typedef {import("../shared/types").InForce} InForce */
/** @typedef {import("../shared/types").Block} Block */
/** @typedef {import("./words.js").Language} Language */

/** @param {string} kind @param {Node[]} sign @param {string} strong @param {string} text */
export function notice(kind, sign, strong, text) {
  return el("div", { class: `notice ${kind}` }, [...sign, el("div", {}, [el("p", { class: "strong" }, [strong]), el("p", {}, [text])])]);
}

/**
 * When it was checked; that nothing is in force, only when that is known; what is wrong, since when, what to do instead.
 * @param {Known} known
 * @param {Place | null} place null while the city has not told its places, or where the place is none of its own
 * @param {InForce} shown
 * @param {Language} language
 * @param {boolean} nobody that the place is none of the city's
 */
export function truthElements(known, place, shown, language, nobody) {
  const { kind, since } = truth(known.line, known.leases, known.now);
  const when = since === null ? "" : timeOf(language, since, known.now);
  if (nobody) {
    return [notice("lost", [gap()], WORDS.nobody[language], WORDS.elsewhere[language])];
  }
  if (kind === "lost" || kind === "silent") {
    return [notice("lost", [gap()], WORDS[kind][language], unconfirmedSince(language, when))];
  }
  if (kind === "checking" || !place) {
    return [notice("checking", [], WORDS.checking[language], when === "" ? "" : `${WORDS.before[language]} ${when}`)];
  }
  const quiet = shown.real.length === 0 && shown.lapsed.length === 0;
  const text = `${place.name[language]}  ${checkedAt(language, known.line.heard || known.now)}`;
  return quiet ? [notice("sure", [tick()], WORDS.none[language], text)] : [];
}

/** What is read out when it changes, and only then: how far all this can be trusted, without the time. @param {Element} box */
export function readOut(box) {
  const strong = box.querySelector(".strong");
  return strong ? strong.textContent || "" : "";
}

/** When the gateway was last heard. @param {Known} known @param {Language} language */
export function heardAt(known, language) {
  return known.line.heard === null ? "" : checkedAt(language, known.line.heard);
}

/**
 * The alerts of a place. `rows`: what can wait is a row that opens.
 * @param {InForce} shown
 * @param {Place} place
 * @param {Language} language
 * @param {number} now
 * @param {{rows: boolean}} how
 */
export function alertElements(shown, place, language, now, how) {
  /** @param {Block} block */
  const made = (block) => {
    const one = card(block, place);
    const time = timeOf(language, one.source.sent, now);
    return how.rows ? rowElement(one, language, time) : cardElement(one, language, time);
  };
  const lapsed = shown.lapsed.map(({ block, since }) => lapsedElement(card(block, place), language, timeOf(language, since, now)));
  const heading = [el("h2", {}, [WORDS.drills[language]]), el("p", {}, [WORDS.drillNote[language]])];
  return { real: shown.real.map(made), lapsed, drills: shown.drills.length > 0 ? [...heading, ...shown.drills.map(made)] : [] };
}

/** What is looked at before a place is painted anew. @param {InForce} shown @param {Known} known */
export function fingerprint(shown, known) {
  return [
    shown.real.concat(shown.drills).map((block) => [block.stream, block.revision, block.info]),
    shown.lapsed.map((lapse) => [lapse.block.stream, lapse.block.info, lapse.since]),
    truth(known.line, known.leases, known.now),
    known.line.heard === null ? "" : hhmm(known.line.heard),
  ];
}
