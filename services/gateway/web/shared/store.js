// What a page keeps on its own device, so that a start without a line still shows what is unexpired.

/** @typedef {import("./types").City} City */

/** `skew`: server minus device time when the server was last heard. Another version is not read but replaced. */
/** @typedef {{v: 2, session: ReturnType<typeof import("./session.js").kept>, city: City | null, skew: number}} Kept */

/** 2: blocks with their messages. */
export const VERSION = 2;

/** @param {string} name of the page and its area @returns {Kept | null} */
export function load(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(`hansho.${name}`) || "null");
    return kept && kept.v === VERSION ? kept : null;
  } catch (error) {
    return null; // damaged or forbidden: the page starts as if new
  }
}

/** @param {string} name @param {Kept} kept */
export function save(name, kept) {
  try {
    localStorage.setItem(`hansho.${name}`, JSON.stringify(kept));
  } catch (error) {
    // full or forbidden: the page works on, only a start without a line would begin empty
  }
}
