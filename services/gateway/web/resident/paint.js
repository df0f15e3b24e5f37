// Parts of a page that are painted anew only when what they show has changed: what a person opened stays open, and where
// their finger or their keys are they stay.

import { put } from "../shared/dom.js";

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`no element ${id}`);
  }
  return found;
}

export class Painter {
  constructor() {
    /** @type {Map<string, string>} */
    this.painted = new Map();
  }

  /**
   * @param {string} id of the element
   * @param {unknown} seen what it shows, as a value
   * @param {() => (Node | string)[]} make
   */
  paint(id, seen, make) {
    const text = JSON.stringify(seen);
    if (this.painted.get(id) === text) {
      return;
    }
    this.painted.set(id, text);
    const element = byId(id);
    const focused = document.activeElement && element.contains(document.activeElement) ? document.activeElement.id : "";
    put(element, make());
    const again = focused && document.getElementById(focused);
    if (again) {
      again.focus();
    }
  }
}

/**
 * A button.
 * @param {{[name: string]: string}} attributes
 * @param {(Node | string)[]} children
 * @param {() => void} press
 */
export function button(attributes, children, press) {
  const made = document.createElement("button");
  made.type = "button";
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...children);
  made.addEventListener("click", press);
  return made;
}
