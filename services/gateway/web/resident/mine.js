// What this device keeps of the person who holds it: places with what they are to them, wishes, where they would go.
// It stays here. What is ever sent is `wishes`: areas, ranks, language and quiet hours, and no role and no note.

/** @typedef {import("../shared/types").Text} Text */
/** @typedef {import("./words.js").Language} Language */
/** @typedef {"home" | "work" | "school" | "family" | "other"} Role */
/** @typedef {{area: string, name: Text, role: Role, minRank: number, refuge: string}} MyPlace a municipality by its JIS code */
/** @typedef {{on: boolean, start: string, end: string, orders: boolean}} Quiet `orders`: the city's orders of level 3 wait too */
/** @typedef {{v: 1, places: MyPlace[], quiet: Quiet, notify: boolean}} Mine */
/** @typedef {{places: {area: string, min_rank: number}[], quiet: {start: string, end: string, orders: boolean} | null, language: Language}} Wishes */

const VERSION = 1;
/** As many as the register takes (schemas/subscription.py). */
export const PLACES_MAX = 5;
export const REFUGE_MAX = 40;
/** @type {Role[]} */
export const ROLES = ["home", "work", "school", "family", "other"];
/** The least rank that is told, the least telling first, and the one that is offered. */
export const MIN_RANKS = [5, 4, 3, 2];
export const MIN_RANK = 3;

/** @returns {Mine} */
export function nobody() {
  return { v: VERSION, places: [], quiet: { on: false, start: "22:00", end: "07:00", orders: false }, notify: false };
}

/**
 * What was kept, as far as it can be read; what cannot is as if it never was.
 * @param {string | null} text
 * @returns {Mine}
 */
export function read(text) {
  const fresh = nobody();
  try {
    const kept = JSON.parse(text || "null");
    if (!kept || kept.v !== VERSION || !Array.isArray(kept.places)) {
      return fresh;
    }
    const quiet = Object.assign({}, fresh.quiet, kept.quiet);
    return { v: VERSION, places: kept.places.filter(isPlace).slice(0, PLACES_MAX), quiet, notify: kept.notify === true };
  } catch (error) {
    return fresh;
  }
}

/** @param {any} one */
function isPlace(one) {
  return Boolean(one) && typeof one.area === "string" && ROLES.indexOf(one.role) >= 0 && MIN_RANKS.indexOf(one.minRank) >= 0 && Boolean(one.name);
}

/**
 * With one more place; unchanged where there is no room. The first of each role is its own; two homes are two places.
 * @param {Mine} mine
 * @param {{area: string, name: Text, role: Role}} place
 * @returns {Mine}
 */
export function withPlace(mine, place) {
  if (mine.places.length >= PLACES_MAX || mine.places.some((one) => one.area === place.area && one.role === place.role)) {
    return mine;
  }
  const made = { area: place.area, name: place.name, role: place.role, minRank: MIN_RANK, refuge: "" };
  return Object.assign({}, mine, { places: mine.places.concat([made]) });
}

/** @param {Mine} mine @param {number} index @returns {Mine} */
export function withoutPlace(mine, index) {
  return Object.assign({}, mine, { places: mine.places.filter((_, at) => at !== index) });
}

/**
 * @param {Mine} mine
 * @param {number} index
 * @param {Partial<MyPlace>} change
 * @returns {Mine}
 */
export function withChange(mine, index, change) {
  return Object.assign({}, mine, { places: mine.places.map((one, at) => (at === index ? Object.assign({}, one, change) : one)) });
}

/**
 * What the register is told: each municipality once, at the lower of its ranks, so that neither home nor work misses any.
 * @param {Mine} mine
 * @param {Language} language
 * @returns {Wishes}
 */
export function wishes(mine, language) {
  /** @type {Map<string, number>} */
  const ranks = new Map();
  mine.places.forEach(({ area, minRank }) => ranks.set(area, Math.min(minRank, ranks.get(area) || minRank)));
  const { on, start, end, orders } = mine.quiet;
  return {
    places: Array.from(ranks, ([area, min_rank]) => ({ area, min_rank })),
    quiet: on && start !== end ? { start, end, orders } : null,
    language,
  };
}
