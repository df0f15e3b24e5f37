// Elements without markup strings: what comes from outside is only ever text.

/** @typedef {{[name: string]: string}} Attributes */

/**
 * An element of HTML. Text becomes a text node, never markup.
 * @param {string} tag
 * @param {Attributes} attributes
 * @param {(Node | string)[]} [children]
 */
export function el(tag, attributes, children) {
  return filled(document.createElement(tag), attributes, children || []);
}

/**
 * An element of SVG.
 * @param {string} tag
 * @param {Attributes} attributes
 * @param {(Node | string)[]} [children]
 */
export function svg(tag, attributes, children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children || []);
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 * @returns {T}
 */
function filled(element, attributes, children) {
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  children.forEach((child) => element.appendChild(typeof child === "string" ? document.createTextNode(child) : child));
  return element;
}

/**
 * Replaces everything in an element.
 * @param {Element} element
 * @param {(Node | string)[]} children
 */
export function put(element, children) {
  element.textContent = "";
  filled(element, {}, children);
}

/**
 * Text in phrases: a line may break between them, and never inside one.
 * @param {string} text phrases end at a space or after 、 and 。
 */
export function phrases(text) {
  const words = text.split(/([ 　]+)/).map((word, index) => (index % 2 ? [" "] : word.split(/([^、。]*[、。])/).filter(Boolean)));
  return words
    .reduce((all, some) => all.concat(some), [])
    .map((word) => (word === " " ? word : el("span", { class: "phrase" }, [word])));
}
