// What the sign keeps on its own device, so that a power cut with a dead line still shows what is unexpired.

/** @typedef {import("../shared/types").City} City */

/** `skew`: server minus device time when the server was last heard. Another version is not read but replaced. */
/** @typedef {{v: 1, session: ReturnType<typeof import("../shared/session.js").kept>, city: City | null, skew: number}} Kept */

const VERSION = 1;

/** @param {string} area @returns {Kept | null} */
export function load(area) {
  try {
    const kept = JSON.parse(localStorage.getItem(key(area)) || "null");
    return kept && kept.v === VERSION ? kept : null;
  } catch (error) {
    return null; // damaged or forbidden: the sign starts as if new
  }
}

/** @param {string} area @param {Kept} kept */
export function save(area, kept) {
  try {
    localStorage.setItem(key(area), JSON.stringify(kept));
  } catch (error) {
    // full or forbidden: the sign works on, only a restart without a line would begin empty
  }
}

/** @param {string} area */
function key(area) {
  return `hansho.sign.${area}`;
}
