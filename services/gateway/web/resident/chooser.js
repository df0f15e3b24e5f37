// Choosing a place by its name, and what it is to the person. The name is asked of the gateway, and of what is known here
// when there is no line; what the place is to them stays here.

import { el, put } from "../shared/dom.js";
import { ROLES } from "./mine.js";
import { button, byId } from "./paint.js";
import { ROLE_LONG, SAY } from "./sayings.js";

/** @typedef {import("../shared/types").Text} Text */
/** @typedef {import("../shared/types").City} City */
/** @typedef {import("./words.js").Language} Language */
/** @typedef {import("./mine.js").Role} Role */
/** @typedef {{jis5: string, name: Text, prefecture: Text}} Found */

/** Keys pressed faster than this are one question. */
const PAUSE_MS = 180;

/** The places that the city told of, when nobody can be asked. @param {City | null} city @param {string} query @returns {Found[]} */
export function foundHere(city, query) {
  if (!city) {
    return [];
  }
  const asked = query.trim().toLowerCase();
  return [city, ...city.neighbours]
    .filter(({ name }) => [name.ja, name.easy, name.en.toLowerCase()].some((spelling) => spelling.indexOf(asked) >= 0))
    .map(({ jis5, name }) => ({ jis5, name, prefecture: city.prefecture }));
}

/** @param {City | null} city @param {string} query @returns {Promise<Found[]>} */
function search(city, query) {
  return fetch(`/v1/places?q=${encodeURIComponent(query)}`)
    .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
    .then((body) => body.places)
    .catch(() => foundHere(city, query));
}

export class Chooser {
  /** @param {(place: {area: string, name: Text, role: Role}) => void} choose */
  constructor(choose) {
    this.choose = choose;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("chooser"));
    /** @type {City | null} */
    this.city = null;
    /** @type {Language} */
    this.language = "ja";
    /** @type {Found | null} */
    this.picked = null;
    /** @type {Role} */
    this.role = "home";
    this.asked = 0;
    this.timer = 0;
  }

  /**
   * @param {City | null} city
   * @param {Language} language
   * @param {Role[]} taken what places the person has already
   * @param {Found | null} picked
   */
  open(city, language, taken, picked) {
    Object.assign(this, { city, language, picked });
    this.role = ROLES.find((role) => role !== "school" && taken.indexOf(role) < 0) || "other";
    this.paint();
    this.dialog.showModal();
    if (!picked) {
      byId("search").focus();
      this.ask("");
    }
  }

  paint() {
    const { language, picked } = this;
    const input = el("input", { id: "search", type: "search", autocomplete: "off", maxlength: "60", enterkeyhint: "search", placeholder: SAY.searchHint[language] });
    input.addEventListener("input", () => this.soon(/** @type {HTMLInputElement} */ (input).value));
    put(this.dialog, [
      el("h2", { id: "chooser-title" }, [SAY.addPlace[language]]),
      ...(picked ? [this.pickedElement(picked), this.rolesElement(), ...(this.city && this.city.demo ? [el("p", { class: "hint" }, [SAY.notifyDemo[language]])] : [])] : [el("label", { class: "field" }, [el("span", {}, [SAY.search[language]]), input]), el("div", { id: "found", "aria-live": "polite" }, [])]),
      el("p", { class: "buttons" }, [
        button({ class: "plain" }, [SAY.cancel[language]], () => this.dialog.close()),
        ...(picked ? [button({ class: "strong", id: "add" }, [SAY.add[language]], () => this.done(picked))] : []),
      ]),
    ]);
  }

  /** @param {Found} place */
  pickedElement(place) {
    const { language } = this;
    return el("p", { class: "picked" }, [el("b", {}, [place.name[language]]), ` ${place.prefecture[language]}`]);
  }

  rolesElement() {
    const { language } = this;
    const choices = ROLES.map((role) => {
      const input = /** @type {HTMLInputElement} */ (el("input", { type: "radio", name: "role", value: role, id: `role-${role}` }));
      input.checked = role === this.role;
      input.addEventListener("change", () => {
        this.role = role;
      });
      return el("label", { class: "choice" }, [input, el("span", {}, [ROLE_LONG[role][language]])]);
    });
    return el("fieldset", {}, [el("legend", {}, [SAY.whatIsIt[language]]), el("div", { class: "choices" }, choices), el("p", { class: "hint" }, [SAY.onlyHere[language]])]);
  }

  /** @param {string} query */
  soon(query) {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(query), PAUSE_MS);
  }

  /** @param {string} query */
  ask(query) {
    const turn = (this.asked += 1);
    search(this.city, query).then((found) => {
      if (turn === this.asked && !this.picked && this.dialog.open) {
        this.show(found);
      }
    });
  }

  /** @param {Found[]} found */
  show(found) {
    const { language } = this;
    const rows = found.map((place) =>
      el("li", {}, [button({ class: "result" }, [el("b", {}, [place.name[language]]), el("span", {}, [place.prefecture[language]])], () => this.pick(place))]),
    );
    put(byId("found"), [rows.length > 0 ? el("ul", { class: "results" }, rows) : el("p", { class: "hint" }, [SAY.notFound[language]])]);
  }

  /** @param {Found} place */
  pick(place) {
    this.picked = place;
    this.paint();
    byId(`role-${this.role}`).focus();
  }

  /** @param {Found} place */
  done(place) {
    this.dialog.close();
    this.choose({ area: place.jis5, name: place.name, role: this.role });
  }
}
