// What is said about an alert: one card per block, in Japanese, easy Japanese and English. No DOM, no clock.
// Words of levels and hazards come from contract.js, which is generated; here is only how they are put together.

import { HAZARDS, LEVELS } from "./contract.js";
import { isMine } from "./situation.js";

/** @typedef {import("./types").Text} Text */
/** @typedef {import("./types").Block} Block */
/** @typedef {import("./types").Card} Card */
/** @typedef {import("./types").Info} Info */
/** @typedef {import("./types").Alert} Alert */
/** @typedef {import("./types").Place} Place */
/** @typedef {{level: number, ground: string, ink: string, shape: string, order: Text | null, action: Text, equivalentAction: Text}} Level */

/** Names beyond this many characters are counted instead of listed. */
const PLACES_MAX_CHARS = 34;

/** How a source grades its events, by the end of the event's name; the longest first. */
const GRADES = [
  grade("大津波警報", "大津波 警報", "とても おおきな つなみの けいほう", "major tsunami warning", true),
  grade("特別警報", "特別 警報", "とくべつけいほう", "emergency warning"),
  grade("危険警報", "危険 警報", "きけんけいほう", "danger warning"),
  grade("警報", "警報", "けいほう", "warning"),
  grade("早期注意情報", "早期 注意", "はやめの ちゅうい", "early notice"),
  grade("注意報", "注意報", "ちゅういほう", "advisory"),
  grade("注意情報", "注意 情報", "ちゅうい じょうほう", "advisory"),
  grade("緊急情報", "緊急 情報", "きんきゅう じょうほう", "urgent notice"),
  grade("速報", "速報", "そくほう", "report"),
  grade("情報", "情報", "じょうほう", "information"),
  grade("氾濫開始水位", "氾濫開始 水位", "かわの みずが あふれる たかさ", "river at overflow level", true),
  grade("氾濫危険水位", "氾濫危険 水位", "かわの みずが あぶない たかさ", "river at danger level", true),
  grade("避難判断水位", "避難判断 水位", "かわの みずが とても たかい", "river very high", true),
  grade("氾濫注意水位", "氾濫注意 水位", "かわの みずが たかい", "river high", true),
  grade("水防団待機水位", "水防団待機 水位", "かわの みずが すこし たかい", "river somewhat high", true),
  grade("観測開始水位", "観測開始 水位", "かわの みずが ふえはじめた", "river beginning to rise", true),
];

/**
 * @param {string} end of the event's name
 * @param {string} ja @param {string} easy @param {string} en
 * @param {boolean} [whole] it names the hazard as well
 * @returns {{end: string, words: Text, whole: boolean}}
 */
function grade(end, ja, easy, en, whole) {
  return { end, words: { ja, easy, en }, whole: Boolean(whole) };
}

/** The same words at the end of orders, where a line may break before them and nowhere else. */
const ORDER_BREAKS = ["安全確保", "避難"];

/** Short names of sources, where the mark has no room for an office's full name. */
const SOURCES = /** @type {{[source: string]: Text | undefined}} */ ({
  jma: { ja: "気象庁", easy: "きしょうちょう", en: "JMA" },
});

export const DRILL = {
  action: { ja: "これは訓練です", easy: "れんしゅうです。 ほんとうでは ありません", en: "This is a drill, not a real alert" },
  content: { ja: "訓練の内容", easy: "れんしゅうの なかみ", en: "The drill says" },
};

/** @param {number | null | undefined} level @returns {Level | undefined} */
export function levelRow(level) {
  return /** @type {{[level: string]: Level}} */ (LEVELS)[String(level)];
}

/** The hazard people follow: `flood:820209000400` → `flood`. @param {string} id */
export function baseHazard(id) {
  return id.replace(/:.*$/, "");
}

/** @param {string} id @returns {{name: Text, action: Text}} */
export function hazardRow(id) {
  const rows = /** @type {{[id: string]: {name: Text, action: Text}}} */ (HAZARDS);
  return rows[baseHazard(id)] || { name: { ja: "", easy: "", en: "" }, action: HAZARDS.notice.action };
}

/**
 * The name without its level, which the mark says, and without what it says of its own issuing:
 * 「レベル４土砂災害危険警報」 → 「土砂災害危険警報」.
 * @param {string} event
 */
export function plainName(event) {
  return event.replace(/^レベル[1-5１-５]/, "").replace(/（[^（）]*）$/, "") || event;
}

/** @param {string} name */
function gradeOf(name) {
  return GRADES.find(({ end }) => name.slice(-end.length) === end);
}

/**
 * A name as parts between which a line may break, never inside a word: 土砂災害｜危険警報, 緊急｜安全確保.
 * @param {string} name
 */
export function nameParts(name) {
  const found = gradeOf(name);
  const tail = found ? found.end : ORDER_BREAKS.find((word) => name.slice(-word.length) === word);
  const head = tail ? name.slice(0, name.length - tail.length) : "";
  return tail && head ? [head, tail] : [name];
}

/**
 * What the city ordered; only the office's own word is ever shown as an order.
 * @param {Block} block
 */
function orderOf(block) {
  const row = levelRow(block.info.level);
  return block.alert.origin === "office" && row ? row.order : null;
}

/**
 * The level, where there is one; a rank is never shown as a level.
 * @param {Block} block
 * @returns {Card["mark"]}
 */
function markOf(block) {
  if (block.info.level && block.alert.origin !== "gauge") {
    // levels 1 and 2 are the weather service's own; from 3 on the level itself is the city's, a warning is its equivalent
    const row = levelRow(block.info.level);
    return { kind: "level", level: block.info.level, equivalent: block.alert.origin !== "office" && Boolean(row && row.order) };
  }
  const by = SOURCES[block.alert.source];
  const found = gradeOf(plainName(block.info.event));
  return {
    kind: "grade",
    by: by ? by.ja : block.alert.senderName,
    grade: found ? found.words : hazardRow(block.info.hazard).name,
  };
}

/**
 * What to do: under the city's order its action, under an official warning of the same level that of 相当.
 * @param {Block} block
 * @returns {Text}
 */
function actionOf(block) {
  const row = block.alert.origin === "gauge" ? undefined : levelRow(block.info.level);
  if (!row && block.info.rank === 1 && block.alert.origin === "official") {
    return HAZARDS.notice.action; // it only informs: what the hazard asks for would come days too early
  }
  if (!row) {
    return hazardRow(block.info.hazard).action;
  }
  return block.alert.origin === "office" ? row.action : row.equivalentAction;
}

/**
 * The hazard as the source calls it: 強風 in 強風注意報, though 強風 and 暴風 are one hazard to us.
 * @param {Block} block
 * @returns {Text}
 */
function namedHazard(block) {
  const name = hazardRow(block.info.hazard).name;
  const [head, grade] = nameParts(plainName(block.info.event));
  return head && grade && block.alert.origin === "official" ? { ja: head, easy: name.easy, en: name.en } : name;
}

/**
 * The hazard above the name; with the river's name where it is one river's.
 * @param {Block} block
 * @returns {Text}
 */
function kickerOf(block) {
  const name = namedHazard(block);
  const river = block.info.area.find((area) => area.code !== undefined && /^(flood_area|river)$/.test(area.code.scheme));
  const headline = block.alert.origin === "office" ? block.info.headline || "" : "";
  if (headline && headline.length <= 16) {
    return { ja: headline, easy: name.easy, en: name.en };
  }
  return river ? { ja: `${river.areaDesc.replace(/（[^（）]*）$/, "")} ${name.ja}`, easy: name.easy, en: name.en } : name;
}

/** @param {Block} block @param {string} name @param {Text} hazard */
function englishName(block, name, hazard) {
  const order = orderOf(block);
  const found = gradeOf(name);
  if (order) {
    return baseHazard(block.info.hazard) === "evacuation" ? order.en : `${order.en}: ${hazard.en}`;
  }
  const said = [found && found.whole ? "" : hazard.en, found ? found.words.en : ""].filter(Boolean).join(" ");
  return said.charAt(0).toUpperCase() + said.slice(1);
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
  return { ja: area.areaDesc, easy: ours ? ours.easy : area.areaDesc, en: ours ? ours.en : area.areaDesc };
}

const VERBS = {
  ordered: { ja: "発令", easy: "だしました", en: "issued" },
  issued: { ja: "発表", easy: "だしました", en: "issued" },
  observed: { ja: "観測", easy: "はかりました", en: "observed" },
};

/** @param {Block} block @param {Place} place @returns {Card["source"]} */
function sourceOf(block, place) {
  const { origin, senderName, sent, source } = block.alert;
  const known = SOURCES[source] || (senderName === place.name.ja ? place.name : undefined);
  const verb = origin === "gauge" ? VERBS.observed : orderOf(block) ? VERBS.ordered : VERBS.issued;
  return {
    who: { ja: senderName, easy: known ? known.easy : senderName, en: known ? known.en : senderName },
    sent: Date.parse(sent),
    verb,
  };
}

/** @param {Text} hazard @param {string} name */
function easyName(hazard, name) {
  const found = gradeOf(name);
  return [found && found.whole ? "" : hazard.easy, found ? found.words.easy : ""].filter(Boolean).join("の ");
}

/**
 * One card: everything that is said about one block.
 * @param {Block} block
 * @param {Place} place
 * @returns {Card}
 */
export function card(block, place) {
  const { info } = block;
  const hazard = hazardRow(info.hazard).name;
  const order = orderOf(block);
  const name = order ? order.ja : plainName(info.event) || hazard.ja;
  return {
    subject: `${block.stream}|${info.hazard}`,
    key: `${block.stream}|${info.hazard}|${info.event}`,
    stream: block.stream,
    revision: block.revision,
    drill: block.drill,
    rank: block.rank,
    level: block.alert.origin === "gauge" ? null : info.level || null,
    order: order !== null,
    hazard: baseHazard(info.hazard),
    mark: markOf(block),
    kicker: kickerOf(block),
    name: nameParts(name),
    nameEasy: order ? order.easy : easyName(hazard, name),
    nameEnglish: englishName(block, name, hazard),
    places: placesOf(info, place, block.alert.origin),
    action: actionOf(block),
    source: sourceOf(block, place),
  };
}
