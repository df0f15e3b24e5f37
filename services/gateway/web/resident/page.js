// The situation of the city, live: what is in force, what nobody could confirm, and when it was checked.

import { dayAndTime, hhmm, jst } from "../shared/clock.js";
import { el, put } from "../shared/dom.js";
import { Follower } from "../shared/follower.js";
import { gap, tick } from "../shared/icons.js";
import { card } from "../shared/lines.js";
import { shownNow, truth } from "../shared/truth.js";
import { cardElement, lapsedElement } from "./cards.js";
import { LANGUAGES, languageOf, WORDS } from "./words.js";

/** @typedef {import("../shared/types").Place} Place */
/** @typedef {import("../shared/types").Known} Known */
/** @typedef {import("./words.js").Language} Language */

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const LANGUAGE_KEY = "hansho.language";

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

class Page {
  /** @param {URLSearchParams} address */
  constructor(address) {
    /** @type {Language} */
    this.language = languageOf(address.get("lang"), chosen(), navigator.languages || []);
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
    try {
      localStorage.setItem(LANGUAGE_KEY, language);
    } catch (error) {
      // a browser that keeps nothing asks again next time
    }
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
    const seen = JSON.stringify([
      language, place && place.name, known.line, truth(known.line, known.leases, known.now), this.follower.empty,
      shown.real.concat(shown.drills).map((block) => [block.stream, block.revision, block.info]),
      shown.lapsed.map((lapse) => [lapse.block.stream, lapse.block.info, lapse.since]), jst(known.now).day,
    ]);
    if (seen !== this.painted) {
      this.painted = seen;
      this.paint(known, place, shown);
    }
  }

  /** @param {Known} known @param {Place | null} place @param {import("../shared/types").InForce} shown */
  paint(known, place, shown) {
    const { language } = this;
    const spot = place || { name: { ja: "", easy: "", en: "" }, mine: new Set(), names: new Map() };
    /** @param {import("../shared/types").Block} block */
    const made = (block) => {
      const one = card(block, spot);
      return cardElement(one, language, this.time(one.source.sent, known.now));
    };
    put(byId("city"), [spot.name[language]]);
    put(byId("title"), [WORDS.situation[language]]);
    put(byId("truth"), this.truthElements(known, place, shown));
    put(byId("real"), shown.real.map(made));
    put(byId("lapsed"), shown.lapsed.map((lapse) => lapsedElement(card(lapse.block, spot), language, this.time(lapse.since, known.now))));
    put(byId("drills"), shown.drills.length > 0 ? [el("h2", {}, [WORDS.drills[language]]), el("p", {}, [WORDS.drillNote[language]]), ...shown.drills.map(made)] : []);
    byId("drills").hidden = shown.drills.length === 0;
    put(byId("limits"), [WORDS.limits[language]]);
  }

  /**
   * When it was checked; that nothing is in force, only when that is known; what is wrong, since when, what to do instead.
   * @param {Known} known
   * @param {Place | null} place
   * @param {import("../shared/types").InForce} shown
   */
  truthElements(known, place, shown) {
    const { language } = this;
    const { kind, since } = truth(known.line, known.leases, known.now);
    const nobody = !place && Boolean(this.follower.city || this.follower.area);
    const when = since === null ? "" : this.time(since, known.now);
    byId("checked").textContent = known.line.heard === null ? "" : this.checked(hhmm(known.line.heard));
    if (nobody) {
      return [notice("lost", [gap()], WORDS.nobody[language], WORDS.elsewhere[language])];
    }
    if (kind === "lost" || kind === "silent") {
      const sentence = when === "" ? WORDS.never[language] : this.sentence(when);
      return [notice("lost", [gap()], WORDS[kind][language], `${sentence}${language === "en" ? ". " : "。"}${WORDS.elsewhere[language]}`)];
    }
    if (kind === "checking" || !place) {
      return [notice("checking", [], WORDS.checking[language], when === "" ? "" : `${WORDS.before[language]} ${when}`)];
    }
    const quiet = shown.real.length === 0 && shown.lapsed.length === 0;
    return quiet ? [notice("sure", [tick()], WORDS.none[language], `${place.name[language]}  ${this.checked(hhmm(known.line.heard || known.now))}`)] : [];
  }

  /** @param {string} when */
  sentence(when) {
    return this.language === "en" ? `${when} ${WORDS.since.en}` : `${when} ${WORDS.since[this.language]}`;
  }

  /** @param {string} when */
  checked(when) {
    return this.language === "en" ? `${WORDS.checked.en} ${when}` : `${when} ${WORDS.checked[this.language]}`;
  }

  /** Absolute, Japanese time; with its date when that is not today. @param {number} ms @param {number} now */
  time(ms, now) {
    const day = jst(ms);
    const today = jst(now).day === day.day && Math.abs(now - ms) < 86400000;
    return this.language === "en" && !today ? `${day.day} ${MONTHS[day.month - 1]} ${hhmm(ms)}` : dayAndTime(ms, now);
  }
}

/** @param {string} kind @param {Node[]} sign @param {string} strong @param {string} text */
function notice(kind, sign, strong, text) {
  return el("div", { class: `notice ${kind}` }, [...sign, el("div", {}, [el("p", { class: "strong" }, [strong]), el("p", {}, [text])])]);
}

function chosen() {
  try {
    return localStorage.getItem(LANGUAGE_KEY);
  } catch (error) {
    return null;
  }
}

new Page(new URLSearchParams(location.search)).follower.start();
