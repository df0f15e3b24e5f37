// Paints a scene onto the page, and only when something a person sees has changed.

import { el, put } from "../shared/dom.js";
import { gap, tick } from "../shared/icons.js";
import { cardElement, sourceLine } from "./card.js";
import { everydayElement, tellTime } from "./everyday.js";
import { fitCard, fitEveryday, measureScreen, screenOf } from "./fit.js";

/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("../shared/types").IdleItem} IdleItem */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Bar} Bar */

/** Moves of a picture that stands for hours, in units of type, one a minute: no line is ever burnt in. */
/** How long slices of the typeface are gathered before what stands is measured with them. */
const REFIT_MS = 250;
const SHIFTS = [[0, 0], [3, 2], [5, -1], [2, -4], [-2, -3], [-5, 0], [-3, 4], [1, 3]];
const BANDS = 5;

/** `shown` is the card on the screen, null for the everyday page. `step` of `steps` fills the dots. */
/** @typedef {{scene: Scene, shown: Card | null, cityName: string, signName: string, items: IdleItem[], now: number}} Picture */

export class ScreenPainter {
  /** @param {Document} page */
  constructor(page) {
    this.root = page.documentElement;
    this.stage = /** @type {HTMLElement} */ (page.getElementById("stage"));
    this.bars = /** @type {HTMLElement} */ (page.getElementById("bars"));
    this.foot = /** @type {HTMLElement} */ (page.getElementById("foot"));
    this.painted = "";
    this.inForce = "";
    this.refitting = 0;
    this.fitted = "";
    this.refit();
    if (window.ResizeObserver) {
      // bars that come and go, slices of the typeface that arrive: the room for the card changes
      new ResizeObserver(() => this.room() === this.fitted || this.refit()).observe(this.stage);
    }
  }

  /**
   * @param {Picture} picture
   * @returns {boolean} whether anything was painted anew
   */
  paint(picture) {
    const { scene, shown } = picture;
    const seen = JSON.stringify([scene.bars, scene.lapsed, shown, scene.cards.map((card) => card.key), picture.items, picture.cityName]);
    const anew = seen !== this.painted;
    if (anew) {
      this.painted = seen;
      this.root.setAttribute("data-scene", shown ? "takeover" : "everyday");
      this.mark(shown !== null && shown.drill);
      this.fade(scene);
      put(this.bars, barsOf(scene, shown).map(barElement));
      put(this.foot, shown ? footOf(picture, shown) : []);
      put(this.stage, [shown ? cardElement(shown) : everydayElement(Object.assign({ lapsed: scene.lapsed }, picture))]);
      this.refit();
    }
    tellTime(this.root, picture.now);
    this.shift(picture.now);
    return anew;
  }

  /**
   * A page that says one thing only: loading, or a fault in the sign's own address.
   * @param {string} name
   * @param {Element} content
   */
  paintState(name, content) {
    if (this.painted !== name) {
      this.painted = name;
      this.root.setAttribute("data-scene", name);
      this.mark(false);
      put(this.bars, []);
      put(this.foot, []);
      put(this.stage, [content]);
    }
  }

  /** @param {boolean} drill */
  mark(drill) {
    if (drill) {
      this.root.setAttribute("data-drill", "");
    } else {
      this.root.removeAttribute("data-drill");
    }
  }

  /** A change of what is in force fades once; a turn of the rotation does not. @param {Scene} scene */
  fade(scene) {
    const inForce = scene.cards.map((card) => `${card.key}@${card.revision}`).sort().join("\n");
    if (inForce !== this.inForce) {
      this.inForce = inForce;
      this.stage.classList.remove("changed");
      void this.stage.offsetWidth; // restarts the animation
      this.stage.classList.add("changed");
    }
  }

  /** Measures again: after a repaint and a turn of the screen. */
  refit() {
    const screen = screenOf(window.innerWidth, window.innerHeight);
    measureScreen(this.root, screen);
    const card = /** @type {HTMLElement | null} */ (this.stage.querySelector(".card"));
    if (card) {
      fitCard(card, screen);
    }
    const everyday = /** @type {HTMLElement | null} */ (this.stage.querySelector(".everyday"));
    if (everyday) {
      fitEveryday(everyday, screen);
    }
    this.fitted = this.room();
  }

  /** The room for the card. */
  room() {
    return `${this.stage.clientWidth} ${this.stage.clientHeight}`;
  }

  /** The same in a moment, once for all that comes until then: the typeface arrives in a hundred slices. */
  refitSoon() {
    if (this.refitting === 0) {
      this.refitting = window.setTimeout(() => {
        this.refitting = 0;
        this.refit();
      }, REFIT_MS);
    }
  }

  /** @param {number} now */
  shift(now) {
    const [x = 0, y = 0] = SHIFTS[Math.floor(now / 60000) % SHIFTS.length] || [];
    this.root.style.setProperty("--shift-x", String(x));
    this.root.style.setProperty("--shift-y", String(y));
  }
}

/** The band of a drill, read out once and shown as often as it fits. */
export function drillBand() {
  const words = Array.from({ length: BANDS }, (_, index) =>
    el("span", { lang: index % 2 ? "en" : "ja", "aria-hidden": String(index > 1) }, [index % 2 ? "DRILL" : "訓練"]),
  );
  return el("p", { class: "band" }, words);
}

/**
 * Everything that is not one card: a dead line, lapses (named; on the everyday page they have a panel), the quiet line.
 * @param {Scene} scene
 * @param {Card | null} shown
 * @returns {Bar[]}
 */
function barsOf(scene, shown) {
  if (!shown) {
    return scene.bars;
  }
  const bars = scene.bars.filter((bar) => bar.kind !== "listed");
  const [first] = scene.lapsed;
  if (!first) {
    return bars;
  }
  const more = scene.lapsed.length > 1 ? ` ほか${scene.lapsed.length - 1}件` : "";
  /** @type {Bar} */
  const lapsed = { kind: "lapsed", strong: `${first.name}${more}`, text: `${first.since}\u00a0以降 未確認`, english: "", time: "" };
  return [lapsed].concat(bars.filter((bar) => bar.kind !== "lapsed"));
}

/** @param {Bar} bar */
function barElement(bar) {
  const sign = bar.kind === "confirmed" ? [tick()] : bar.kind === "listed" ? [] : [gap()];
  const strong = bar.strong ? [el("strong", {}, [bar.strong]), " "] : [];
  const english = bar.english ? [el("span", { class: "bar-english", lang: "en" }, [bar.english])] : [];
  return el("div", { class: `bar ${bar.kind}` }, [
    el("div", { class: "shift" }, [
      .../** @type {Node[]} */ (sign),
      el("p", { class: "bar-text" }, [el("span", { lang: "ja" }, [...strong, bar.text]), " ", ...english]),
      el("span", { class: "bar-time", lang: "ja" }, [bar.time]),
    ]),
  ]);
}

/** @param {Picture} picture @param {Card} shown */
function footOf(picture, shown) {
  return [
    el("div", { class: "shift" }, [
      el("p", { class: "source", lang: "ja" }, sourceLine(shown, picture.now)),
      el("p", { class: "dots", "aria-label": `${picture.scene.cards.length}` }, dots(picture, shown)),
      el("p", { class: "clock", id: "clock" }),
    ]),
  ];
}

/** Which of several: filled for the one shown; a lone alert needs none. @param {Picture} picture @param {Card} shown */
function dots(picture, shown) {
  const turns = picture.scene.everyday ? picture.scene.cards.length + 1 : picture.scene.cards.length;
  const here = picture.scene.cards.findIndex((card) => card.key === shown.key);
  return turns < 2 ? [] : Array.from({ length: turns }, (_, index) => el("i", { class: index === here ? "dot on" : "dot" }));
}
