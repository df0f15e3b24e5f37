// A sign: what the follower knows, turned into a scene, into a card, into a picture; and told to the office once painted.

import { Follower } from "../shared/follower.js";
import { still, turn } from "./rotation.js";
import { EVERYDAY, scene } from "./scene.js";
import { drillBand, ScreenPainter } from "./screen.js";
import { faultElement, loadingElement } from "./states.js";
import { fetchTypeface } from "./typeface.js";

/** @typedef {import("../shared/types").City} City */
/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("./scene.js").Scene} Scene */

class Sign {
  /** @param {URLSearchParams} address */
  constructor(address) {
    this.name = address.get("name") || "";
    this.painter = new ScreenPainter(document);
    this.rotation = still();
    /** @type {City | null} */
    this.cityBefore = null;
    this.told = "";
    /** @type {Map<string, string>} stream → revision of what has been on the screen */
    this.seen = new Map();
    this.follower = new Follower("sign", address.get("area") || "", () => this.look());
  }

  start() {
    this.follower.start();
    window.addEventListener("resize", () => this.painter.refit());
    if (document.fonts && document.fonts.addEventListener) {
      document.fonts.addEventListener("loadingdone", () => this.painter.refitSoon());
    }
    document.addEventListener("click", () => fullScreen());
  }

  /** Looks at the clock and at what is known, and paints what follows. */
  look() {
    const { follower, painter } = this;
    const known = follower.known();
    document.documentElement.setAttribute("data-line", known.line.state);
    this.meetCity(follower.city);
    const place = follower.place();
    if (!place && (follower.city || follower.area)) {
      const own = follower.city && follower.city.areas.find((area) => area.scheme === "class20");
      return painter.paintState("fault", faultElement(follower.area, own ? own.code : "市町村コード7桁"));
    }
    if (!place || (follower.empty && known.line.state === "connecting")) {
      return painter.paintState("loading", loadingElement());
    }
    return this.paint(scene(Object.assign({ place }, known)), known.now);
  }

  /** What the city has to say is fetched in its typeface before it is needed. @param {City | null} city */
  meetCity(city) {
    document.documentElement.toggleAttribute("data-demo", Boolean(city && city.demo));
    if (city && city !== this.cityBefore) {
      this.cityBefore = city;
      fetchTypeface(JSON.stringify(city) + this.name);
    }
  }

  /** @param {Scene} made @param {number} now */
  paint(made, now) {
    const { cards, everyday } = made;
    const turns = /** @type {import("./rotation.js").Turn[]} */ (cards);
    this.rotation = turn(this.rotation, everyday && cards.length > 0 ? turns.concat(EVERYDAY) : turns, performance.now());
    const shown = cards.find((card) => card.key === this.rotation.key) || null;
    const city = this.follower.city;
    const anew = this.painter.paint({
      scene: made,
      shown,
      cityName: city ? city.name.ja : "",
      signName: this.name,
      items: city ? city.idle : [],
      now,
    });
    if (!this.follower.complete) {
      this.told = ""; // a new line is told anew what stands on the screen
    } else if (anew || this.told === "") {
      this.tell(cards, shown);
    }
  }

  /** Tells the office what people can see, once it has been painted. @param {Card[]} cards @param {Card | null} shown */
  tell(cards, shown) {
    const alive = new Set(cards.map((card) => `${card.stream} ${card.revision}`));
    this.seen.forEach((revision, stream) => alive.has(`${stream} ${revision}`) || this.seen.delete(stream));
    if (shown) {
      this.seen.set(shown.stream, shown.revision);
    }
    const offset = this.follower.session.situation.offset;
    const list = Array.from(this.seen, ([stream, revision]) => ({ stream, revision }));
    const text = JSON.stringify([offset, list]);
    if (text !== this.told) {
      this.told = text;
      const send = () => this.follower.connection.send({ type: "ack", offset, shown: list });
      window.requestAnimationFrame(() => window.requestAnimationFrame(send));
    }
  }
}

/** A sign on a desk: one touch fills the screen; a kiosk browser is full screen by itself. */
function fullScreen() {
  const root = document.documentElement;
  if (root.requestFullscreen && !document.fullscreenElement) {
    root.requestFullscreen().catch(() => undefined);
  }
}

/** A device that would put its screen to sleep is asked not to, where it can be asked. */
function stayAwake() {
  const lock = navigator.wakeLock;
  if (lock && document.visibilityState === "visible") {
    lock.request("screen").catch(() => undefined);
  }
}

/** Keeps the sign's own files on the device, so that it starts without a line. Only on https or this very machine. */
function keepFiles() {
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/static/signage/sw.js", { scope: "/sign" }).catch(() => undefined);
  }
}

const frame = /** @type {HTMLElement} */ (document.getElementById("frame"));
frame.insertBefore(drillBand(), frame.firstChild);
new Sign(new URLSearchParams(location.search)).start();
keepFiles();
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
