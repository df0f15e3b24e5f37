// The situation of the city, live: what is in force, what nobody could confirm, and when it was checked.

import { jst } from "../shared/clock.js";
import { el, put } from "../shared/dom.js";
import { Follower } from "../shared/follower.js";
import { shownNow } from "../shared/truth.js";
import { keep, kept } from "./keep.js";
import { alertElements, fingerprint, heardAt, readOut, truthElements } from "./now.js";
import { byId } from "./paint.js";
import { SAY } from "./sayings.js";
import { LANGUAGES, languageOf, WORDS } from "./words.js";

/** @typedef {import("../shared/types").Place} Place */
/** @typedef {import("../shared/types").Known} Known */
/** @typedef {import("./words.js").Language} Language */

class Page {
  /** @param {URLSearchParams} address */
  constructor(address) {
    /** @type {Language} */
    this.language = languageOf(address.get("lang"), kept("language"), navigator.languages || []);
    this.painted = "";
    this.follower = new Follower("page", address.get("area") || "", () => this.look());
    this.offerLanguages();
  }

  offerLanguages() {
    const buttons = LANGUAGES.map(({ language, lang, label }) => {
      const button = el("button", { type: "button", lang, "aria-pressed": String(language === this.language) }, [label]);
      button.addEventListener("click", () => this.speak(language));
      return button;
    });
    put(byId("languages"), buttons);
  }

  /** @param {Language} language */
  speak(language) {
    this.language = language;
    keep("language", language);
    this.painted = "";
    this.offerLanguages();
    this.look();
  }

  look() {
    const known = this.follower.known();
    const place = this.follower.place();
    const { language } = this;
    document.documentElement.setAttribute("data-line", known.line.state);
    document.documentElement.lang = language === "en" ? "en" : "ja";
    const shown = place ? shownNow(known, "page", place.mine) : { real: [], drills: [], lapsed: [] };
    const seen = JSON.stringify([language, Boolean(this.follower.city), place && place.name, known.line, this.follower.empty, fingerprint(shown, known), jst(known.now).day]);
    if (seen !== this.painted) {
      this.painted = seen;
      this.paint(known, place, shown);
    }
  }

  /** @param {Known} known @param {Place | null} place @param {import("../shared/types").InForce} shown */
  paint(known, place, shown) {
    const { language } = this;
    const spot = place || { name: { ja: "", easy: "", en: "" }, mine: new Set(), names: new Map() };
    const nobody = !place && Boolean(this.follower.city || this.follower.area);
    const alerts = alertElements(shown, spot, language, known.now, { rows: false });
    const demo = Boolean(this.follower.city && this.follower.city.demo);
    document.documentElement.toggleAttribute("data-demo", demo);
    put(byId("demo"), [el("strong", {}, [SAY.demo[language]]), SAY.demoWhy[language]]);
    put(byId("city"), [spot.name[language]]);
    put(byId("title"), [WORDS.situation[language]]);
    put(byId("checked"), [heardAt(known, language)]);
    put(byId("truth"), truthElements(known, place, shown, language, nobody));
    const said = readOut(byId("truth"));
    if (byId("said").textContent !== said) {
      put(byId("said"), [said]);
    }
    put(byId("real"), alerts.real);
    put(byId("lapsed"), alerts.lapsed);
    put(byId("drills"), alerts.drills);
    byId("drills").hidden = alerts.drills.length === 0;
    put(byId("limits"), [WORDS.limits[language]]);
  }
}

new Page(new URLSearchParams(location.search)).follower.start();
