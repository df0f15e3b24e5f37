// The city this deployment serves, and which of its areas are a surface's own.

/** @typedef {import("./types").City} City */
/** @typedef {import("./types").Place} Place */
/** @typedef {import("./types").AreaCode} AreaCode */

/** @returns {Promise<City>} rejects when the gateway cannot be asked */
export function fetchCity() {
  return fetch("/v1/city", { cache: "no-cache" }).then((response) => {
    if (!response.ok) {
      throw new Error(`/v1/city answered ${response.status}`);
    }
    return response.json();
  });
}

/**
 * An area as written in an address: a class20 code, a JIS code of five digits, or scheme:code.
 * @param {string} text
 * @returns {string | null} "scheme:code", null when it is none of these
 */
export function areaOf(text) {
  if (/^\d{7}$/.test(text)) {
    return `class20:${text}`;
  }
  if (/^\d{5}$/.test(text)) {
    return `jis5:${text}`;
  }
  return /^[A-Za-z][\w.-]*:[\w.-]+$/.test(text) ? text : null;
}

/** @param {AreaCode} area */
function written(area) {
  return `${area.scheme}:${area.code}`;
}

/** @param {AreaCode[]} areas */
function setOf(areas) {
  return new Set(areas.map(written));
}

/** @param {AreaCode[]} areas @returns {Place["names"]} */
function namesOf(areas) {
  const names = new Map();
  areas.forEach((area) => area.name && names.set(written(area), area.name));
  return names;
}

/**
 * The place of an area: the city with all its areas, or a neighbour with its own.
 * @param {City} city
 * @param {string | null} area "scheme:code"; null for the city
 * @returns {Place | null} null when the area is neither the city's nor a neighbour's
 */
export function placeOf(city, area) {
  const asked = area === null ? `jis5:${city.jis5}` : area;
  const found = [city, ...city.neighbours].find((one) => asked === `jis5:${one.jis5}` || setOf(one.areas).has(asked));
  return found ? { name: found.name, mine: setOf(found.areas), names: namesOf(found.areas) } : null;
}

/**
 * A place whose city could not be asked yet: the area alone, without a name.
 * @param {string} area "scheme:code"
 * @returns {Place}
 */
export function barePlace(area) {
  const [scheme, code] = area.split(":");
  const whole = scheme === "jis5" ? `${code}00` : code;
  return { name: { ja: "", easy: "", en: "" }, mine: new Set([area, `class20:${whole}`, `quake_city:${whole}`]), names: new Map() };
}
