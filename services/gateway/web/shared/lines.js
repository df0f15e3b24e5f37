// What is said about an alert, laid out: one card per block. The words come with the block (`message`, put together by
// services/gateway/core/message.py); here is only which places are the reader's, and what stands in which line.
// No DOM, no clock.

import { DRILL, EQUIVALENT, HAZARDS, LEVELS, WARNING_LEVEL } from "./contract.js";
import { isMine } from "./situation.js";

/** @typedef {import("./types").Text} Text */
/** @typedef {import("./types").Block} Block */
/** @typedef {import("./types").Card} Card */
/** @typedef {import("./types").Info} Info */
/** @typedef {import("./types").Lines} Lines */
/** @typedef {import("./types").Message} Message */
/** @typedef {import("./types").Place} Place */
/** @typedef {"ja" | "easy" | "en"} Language */
/** @typedef {{level: number, ground: string, ink: string, shape: string, order: Text | null, action: Text, equivalentAction: Text}} Level */

/** Names beyond this many characters are counted instead of listed; one name of more is cut. */
const PLACES_MAX_CHARS = 34;
const PLACE_MAX_CHARS = 60;

/** @param {number | null | undefined} level @returns {Level | undefined} */
export function levelRow(level) {
  return /** @type {{[level: string]: Level}} */ (LEVELS)[String(level)];
}

/** The hazard people follow: `flood:820209000400` → `flood`. @param {string} id */
function baseHazard(id) {
  return id.replace(/:.*$/, "");
}

/**
 * What is said of a block. Where a gateway of before sends none, the source's own name must still be read.
 * @param {Block} block
 * @returns {Message}
 */
function messageOf(block) {
  const { alert, info } = block;
  /** @param {string} words @returns {Text} */
  const plain = (words) => ({ ja: words, easy: words, en: words });
  return info.message || {
    hazard: baseHazard(info.hazard), level: null, equivalent: false, order: false, about: plain(""), name: plain(info.event), parts: [info.event],
    grade: plain(""), action: HAZARDS.notice.action, source: plain(alert.senderName), sourceShort: plain(alert.senderName), verb: plain(""), sent: alert.sent, drill: block.drill,
  };
}

/** A level where there is one; a rank is never shown as a level. @param {Message} said @returns {Card["mark"]} */
function markOf(said) {
  return said.level === null
    ? { kind: "grade", by: said.sourceShort.ja, grade: said.grade }
    : { kind: "level", level: said.level, equivalent: said.equivalent };
}

/**
 * The areas of the block that are ours, by name: the city's own name when it is all of the city. What the office itself
 * says names its districts, and they are whom it is about.
 * @param {Info} info
 * @param {Place} place
 * @param {string} [origin]
 * @returns {Text[]}
 */
export function placesOf(info, place, origin) {
  const mine = info.area.filter((area) => isMine(area, place.mine));
  const whole = mine.some((area) => area.code !== undefined && /^(class20|quake_city|jis5)$/.test(area.code.scheme));
  if (whole && place.name.ja && origin !== "office") {
    return [place.name];
  }
  const names = mine.map((area) => nameOf(area, place)).filter((name, index, all) => all.findIndex((one) => one.ja === name.ja) === index);
  let room = PLACES_MAX_CHARS;
  const listed = names.filter((name, index) => {
    room -= name.ja.length + 1;
    return index === 0 || room >= 0;
  });
  const rest = names.length - listed.length;
  return rest > 0 ? listed.concat({ ja: `ほか${rest}か所`, easy: `ほか ${rest}つの ばしょ`, en: `${rest} more` }) : listed;
}

/**
 * The source's own name of an area; in other languages ours, where it has one.
 * @param {import("./types").Area} area
 * @param {Place} place
 * @returns {Text}
 */
function nameOf(area, place) {
  const ours = area.code && place.names.get(`${area.code.scheme}:${area.code.code}`);
  const own = area.areaDesc.length > PLACE_MAX_CHARS ? `${area.areaDesc.slice(0, PLACE_MAX_CHARS - 1)}…` : area.areaDesc;
  return { ja: own, easy: ours ? ours.easy : own, en: ours ? ours.en : own };
}

/** As the words begin a line. @param {string} words */
function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * One card: everything that is said about one block.
 * @param {Block} block
 * @param {Place} place
 * @returns {Card}
 */
export function card(block, place) {
  const { info } = block;
  const said = messageOf(block);
  return {
    subject: `${block.stream}|${info.hazard}`,
    key: `${block.stream}|${info.hazard}|${info.event}`,
    stream: block.stream,
    revision: block.revision,
    drill: block.drill,
    rank: block.rank,
    level: said.level,
    order: said.order,
    hazard: said.hazard,
    mark: markOf(said),
    kicker: said.about,
    name: { ja: said.name.ja, easy: said.name.easy, en: capital(said.name.en) },
    parts: said.parts,
    places: placesOf(info, place, block.alert.origin),
    action: said.action,
    source: { who: { ja: said.source.ja, easy: said.source.easy, en: said.sourceShort.en }, sent: Date.parse(said.sent), verb: said.verb },
  };
}

/**
 * A card's lines in one language, as services/gateway/core/card.py has them.
 * @param {Card} card
 * @param {Language} language
 * @param {string} time of its issue, written out
 * @returns {Lines}
 */
export function lines(card, language, time) {
  const english = language === "en";
  const { source } = card;
  return {
    drill: card.drill ? `${DRILL.mark[language]}${DRILL.said[language]}` : "",
    mark: markWords(card, language),
    about: card.kicker[language],
    name: card.name[language],
    place: card.places.map((place) => place[language]).join(english ? ", " : "、"),
    action: card.drill ? `${DRILL.content[language]}${english ? ": " : "： "}${card.action[language]}` : card.action[language],
    source: `${source.who[language]} ${time} ${source.verb[language]}`,
  };
}

/** @param {Card} card @param {Language} language */
function markWords({ mark }, language) {
  if (mark.kind === "grade") {
    return language === "ja" ? mark.grade.ja.replace(/ /g, "") : mark.grade[language];
  }
  const gap = language === "en" ? " " : "";
  return capital(`${WARNING_LEVEL[language]}${gap}${mark.level}${mark.equivalent ? gap + EQUIVALENT[language] : ""}`);
}
