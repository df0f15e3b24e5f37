// The little that stays on this device, by name; and its end. A browser that keeps nothing still shows everything.

const PREFIX = "hansho.";

/** @param {string} name @returns {string | null} */
export function kept(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch (error) {
    return null;
  }
}

/** @param {string} name @param {string | null} text null: no more */
export function keep(name, text) {
  try {
    if (text === null) {
      localStorage.removeItem(PREFIX + name);
    } else {
      localStorage.setItem(PREFIX + name, text);
    }
  } catch (error) {
    // full or forbidden: the page works on, only a reload begins anew
  }
}

/** Everything of ours, but what is still needed. @param {string[]} needed */
export function keepNothing(needed) {
  try {
    Object.keys(localStorage)
      .filter((name) => name.startsWith(PREFIX) && needed.indexOf(name.slice(PREFIX.length)) < 0)
      .forEach((name) => localStorage.removeItem(name));
  } catch (error) {
    // there was nothing
  }
}
