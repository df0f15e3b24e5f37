// The resident's page: the places a person follows, what is in force in each now and what to do, what happened so far.
// Everything it knows of the person stays on this device; what it shows comes from the stream, or from before with its age.

import { placeOf } from "../shared/city.js";
import { el, put } from "../shared/dom.js";
import { Follower } from "../shared/follower.js";
import { Chooser } from "./chooser.js";
import { readCourse } from "./course.js";
import { Registration } from "./device.js";
import { reasonElements, showReason } from "./flow.js";
import { keep, keepNothing, kept } from "./keep.js";
import { nobody, read, wishes, withChange, withoutPlace, withPlace } from "./mine.js";
import { heardAt } from "./now.js";
import { lookNow } from "./nowtab.js";
import { button, byId, Painter } from "./paint.js";
import { prepareElements } from "./prepare.js";
import { SAY, TABS } from "./sayings.js";
import { registrationWords, settingsElements, testWords } from "./settings.js";
import { languageOf } from "./words.js";

/** @typedef {import("../shared/types").Place} Place */
/** @typedef {import("../shared/types").Known} Known */
/** @typedef {import("./words.js").Language} Language */
/** @typedef {import("./mine.js").Mine} Mine */
/** @typedef {import("./mine.js").MyPlace} MyPlace */
/** @typedef {"now" | "prepare" | "settings"} Tab */

export class Home {
  constructor() {
    /** @type {Language} */
    this.language = languageOf(new URLSearchParams(location.search).get("lang"), kept("language"), navigator.languages || []);
    this.mine = read(kept("mine"));
    this.chosen = Number(kept("chosen")) || 0;
    this.courses = readCourses(kept("course"));
    this.erased = "";
    this.askable = "";
    this.painter = new Painter();
    this.chooser = new Chooser((place) => this.add(place));
    this.registration = new Registration({ load: () => kept("device"), save: (text) => keep("device", text) }, (...asked) => fetch(...asked), () => this.look());
    this.wasLive = false;
    this.follower = new Follower("page", "", () => this.look());
  }

  start() {
    window.addEventListener("hashchange", () => this.turn());
    window.addEventListener("storage", (event) => event.key === "hansho.mine" && this.reload());
    this.follower.start();
    this.turn();
    if (this.registration.kept || this.mine.notify) {
      this.register();
    }
  }

  // --- what the person does ---

  /** @param {Mine} mine */
  change(mine) {
    this.mine = mine;
    this.erased = "";
    keep("mine", JSON.stringify(mine));
    this.register();
    this.look();
  }

  /** Makes the register say what is wished; a person who wishes no notifications is nowhere in it. */
  register() {
    const told = this.mine.notify && this.mine.places.length > 0;
    this.registration.wish(told ? wishes(this.mine, this.language) : null);
  }

  reload() {
    this.mine = read(kept("mine"));
    this.look();
  }

  /** @param {Parameters<typeof withPlace>[1]} place */
  add(place) {
    const first = this.mine.places.length === 0;
    const mine = withPlace(this.mine, place);
    const index = mine.places.findIndex((one) => one.area === place.area && one.role === place.role);
    this.choose(index < 0 ? 0 : index);
    const demo = Boolean(this.follower.city && this.follower.city.demo);
    this.change(first && demo ? Object.assign({}, mine, { notify: true }) : mine);
  }

  /** @param {number} index */
  choose(index) {
    this.chosen = index;
    keep("chosen", String(index));
    this.look();
  }

  /** @param {Language} language */
  speak(language) {
    this.language = language;
    keep("language", language);
    if (this.mine.notify) {
      this.register();
    }
    this.look();
  }

  openChooser(picked = /** @type {import("./chooser.js").Found | null} */ (null)) {
    this.chooser.open(this.follower.city, this.language, this.mine.places.map(({ role }) => role), picked);
  }

  async test() {
    const { language } = this;
    put(byId("tested"), [SAY.testing[language]]);
    const answer = await this.registration.about("/test", "POST");
    const box = document.getElementById("tested");
    if (box) {
      put(box, [testWords(answer, language)]);
    }
  }

  /** All that the register has of this device, as it stands there. */
  async lookUp() {
    const answer = await this.registration.about("", "GET");
    const box = document.getElementById("registered");
    if (box) {
      put(box, [answer ? JSON.stringify(answer, null, 1) : SAY.reasonNone[this.language]]);
    }
  }

  /** Asks about what is worst in that place now, or was last. @param {MyPlace} place */
  async why(place) {
    if (byId("reason").textContent !== "") {
      showReason([]);
      return;
    }
    showReason([SAY.reasonAsking[this.language]]);
    const answer = await this.registration.about(`/explain?alert=${encodeURIComponent(this.askable)}`, "GET");
    if (document.getElementById("reason")) {
      showReason(reasonElements(place, answer && answer.lines && answer.reasons ? answer : null, this.language));
    }
  }

  erase() {
    const { language } = this;
    put(byId("erasing"), [
      el("p", { class: "strong" }, [SAY.deleteSure[language]]),
      el("p", { class: "buttons" }, [
        button({ class: "plain" }, [SAY.cancel[language]], () => put(byId("erasing"), [button({ class: "danger", id: "erase" }, [SAY.deleteAll[language]], () => this.erase())])),
        button({ class: "danger", id: "erase-yes" }, [SAY.deleteYes[language]], () => this.eraseNow()),
      ]),
    ]);
    byId("erase-yes").focus();
  }

  /** All that is kept here goes at once; the registration as soon as the register can be asked. */
  eraseNow() {
    this.mine = nobody();
    this.courses = {};
    this.chosen = 0;
    keepNothing(["device", "page.", "language"]);
    this.registration.wish(null);
    this.erased = "yes";
    location.hash = "";
    this.look();
  }

  // --- what is shown ---

  turn() {
    const tab = this.tab();
    Object.keys(TABS).forEach((name) => {
      byId(name).hidden = name !== tab;
    });
    window.scrollTo(0, 0);
    this.look();
  }

  /** @returns {Tab} */
  tab() {
    const named = location.hash.slice(1);
    return named === "prepare" || named === "settings" ? named : "now";
  }

  /** The place in front: one of the person's, or the city. */
  myPlace() {
    const { places } = this.mine;
    return places[Math.min(this.chosen, places.length - 1)] || null;
  }

  /** @param {MyPlace | null} mine @returns {Place | null} */
  placeOf(mine) {
    const { city } = this.follower;
    return city ? placeOf(city, mine ? `jis5:${mine.area}` : null) : null;
  }

  look() {
    const known = this.follower.known();
    this.whenLive(known);
    const { language, mine } = this;
    const { city } = this.follower;
    const root = document.documentElement;
    root.setAttribute("data-line", known.line.state);
    root.lang = language === "en" ? "en" : "ja";
    root.toggleAttribute("data-demo", Boolean(city && city.demo));
    const title = city ? city.name[language] : "";
    this.painter.paint("city", title, () => [title]);
    this.painter.paint("checked", heardAt(known, language), () => [heardAt(known, language)]);
    this.painter.paint("tabs", [language, this.tab()], () => this.tabElements());
    this.painter.paint("demo", [language, city && city.demo], () => [el("strong", {}, [SAY.demo[language]]), SAY.demoWhy[language]]);
    lookNow(this, known);
    this.painter.paint("prepare", [language, mine.places.map((one) => [one.area, one.role]), city], () =>
      prepareElements(mine, city, language, (index, refuge) => this.change(withChange(this.mine, index, { refuge }))),
    );
    this.painter.paint("settings", [language, mine.places.map((one) => [one.area, one.role]), mine.notify, mine.quiet.on, city, this.erased], () => settingsElements(mine, city, language, this.acts()));
    this.lookRegistration(known.now);
  }

  tabElements() {
    const here = this.tab();
    return Object.entries(TABS).map(([name, words]) =>
      el("a", Object.assign({ href: `#${name}`, id: `tab-${name}` }, name === here ? { "aria-current": "page" } : {}), [words[this.language]]),
    );
  }

  /** A line that came back is when what waits can be said. @param {Known} known */
  whenLive(known) {
    const live = known.line.state === "live";
    if (live && !this.wasLive && (this.registration.state.kind === "offline" || this.registration.state.kind === "refused")) {
      this.registration.settle();
    }
    this.wasLive = live;
  }

  /** @param {number} now */
  lookRegistration(now) {
    const { state } = this.registration;
    if (document.getElementById("registration")) {
      this.painter.paint("registration", [state.kind, state.code, state.at, this.language], () => [registrationWords(state, this.language, now)]);
    }
  }

  acts() {
    return {
      /** @param {Language} language */
      speak: (language) => this.speak(language),
      add: () => this.openChooser(),
      /** @param {number} index */
      remove: (index) => this.change(withoutPlace(this.mine, index)),
      /** @param {number} index @param {number} minRank */
      least: (index, minRank) => this.change(withChange(this.mine, index, { minRank })),
      /** @param {boolean} notify */
      notify: (notify) => this.change(Object.assign({}, this.mine, { notify })),
      /** @param {object} change */
      quiet: (change) => this.change(Object.assign({}, this.mine, { quiet: Object.assign({}, this.mine.quiet, change) })),
      test: () => this.test(),
      look: () => this.lookUp(),
      erase: () => this.erase(),
    };
  }
}

/**
 * What was seen before, by area.
 * @param {string | null} text
 * @returns {{[area: string]: import("./course.js").Course}}
 */
function readCourses(text) {
  /** @type {{[area: string]: import("./course.js").Course}} */
  const courses = {};
  try {
    Object.entries(JSON.parse(text || "{}")).forEach(([area, one]) => {
      courses[area] = readCourse(one);
    });
  } catch (error) {
    // damaged: the page begins to watch anew
  }
  return courses;
}

/** Keeps the page's own files on the device, so that it starts without a line. Only on https or this very machine. */
function keepFiles() {
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/static/resident/sw.js", { scope: "/" }).catch(() => undefined);
  }
}

new Home().start();
keepFiles();
