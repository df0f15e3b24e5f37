// A sign: what it knows, kept true by the line while there is one and by its own clock while there is none.

import { areaOf, barePlace, fetchCity, placeOf } from "../shared/city.js";
import { Clock, timeAfterRestart } from "../shared/clock.js";
import { clientId, Connection, streamUrl } from "../shared/connection.js";
import { freshSession, hear, hello, kept, opened, restored } from "../shared/session.js";
import { still, turn } from "./rotation.js";
import { EVERYDAY, scene } from "./scene.js";
import { drillBand, ScreenPainter } from "./screen.js";
import { faultElement, loadingElement } from "./states.js";
import { load, save } from "./store.js";
import { fetchTypeface } from "./typeface.js";

/** @typedef {import("../shared/types").City} City */
/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("../shared/types").Frame} Frame */

/** How often the page looks at its clock: an expired alert is gone within this. */
const TICK_MS = 250;
/** A first line that is not there by then is said to be dead. */
const PATIENCE_MS = 6000;
/** The city's everyday items and areas are asked for anew so often, and so soon after a failure. */
const CITY_EVERY_MS = 600000;
const CITY_RETRY_MS = 15000;

class Sign {
  /** @param {URLSearchParams} address */
  constructor(address) {
    this.area = address.get("area") || "";
    this.code = areaOf(this.area);
    this.name = address.get("name") || "";
    this.client = clientId("sign");
    this.clock = new Clock(() => performance.now());
    this.painter = new ScreenPainter(document);
    this.rotation = still();
    this.session = freshSession();
    /** @type {City | null} */
    this.city = null;
    this.up = false;
    this.everLost = false;
    this.clockKnown = true;
    this.shownBefore = "";
    /** @type {Map<string, string>} stream → revision of what has been on the screen */
    this.seen = new Map();
    this.restore();
    this.connection = new Connection(streamUrl(), {
      hello: () => {
        this.session = opened(this.session);
        return hello(this.session, this.client, "sign");
      },
      frame: (frame) => this.hear(frame),
      up: (up) => this.line(up),
    });
  }

  start() {
    this.connection.open();
    this.askCity();
    window.setInterval(() => this.look(), TICK_MS);
    window.addEventListener("resize", () => this.painter.refit());
    if (document.fonts && document.fonts.addEventListener) {
      document.fonts.addEventListener("loadingdone", () => this.painter.refit());
    }
    document.addEventListener("click", () => fullScreen());
    this.look();
  }

  restore() {
    const saved = load(this.area);
    if (!saved) {
      return;
    }
    this.city = saved.city;
    this.session = restored(saved.session);
    const heard = saved.session.heard;
    const time = heard === null ? null : timeAfterRestart({ heard, skew: saved.skew }, Date.now());
    this.clockKnown = time !== null;
    this.clock.assume(time === null ? heard || Date.now() : time);
  }

  keep() {
    save(this.area, { v: 1, session: kept(this.session), city: this.city, skew: this.clock.now() - Date.now() });
  }

  /** @param {Frame} frame */
  hear(frame) {
    if (frame.server_time) {
      this.clock.align(Date.parse(frame.server_time));
      this.clockKnown = true;
    }
    const { session, answers } = hear(this.session, frame, performance.now());
    this.session = session;
    answers.forEach((answer) => this.connection.send(answer));
    this.keep();
    this.look();
  }

  /** @param {boolean} up */
  line(up) {
    this.up = up;
    this.everLost = this.everLost || !up;
    if (up) {
      this.shownBefore = "";
    }
    this.look();
  }

  /** @returns {import("../shared/types").Line} */
  lineNow() {
    const { awaits, heard } = this.session;
    if (this.up) {
      return { state: awaits === null ? "live" : "connecting", heard };
    }
    return { state: this.everLost || performance.now() > PATIENCE_MS ? "lost" : "connecting", heard };
  }

  askCity() {
    fetchCity().then(
      (city) => {
        this.city = city;
        this.keep();
        this.look();
        fetchTypeface(JSON.stringify(city) + this.name);
        window.setTimeout(() => this.askCity(), CITY_EVERY_MS);
      },
      () => window.setTimeout(() => this.askCity(), CITY_RETRY_MS),
    );
  }

  /** Looks at the clock and at what is known, and paints what follows. */
  look() {
    const line = this.lineNow();
    document.documentElement.setAttribute("data-line", line.state);
    const place = this.city ? placeOf(this.city, this.code) : this.code && barePlace(this.code);
    if ((this.area && !this.code) || !place) {
      return this.fault();
    }
    if (this.session.situation.epoch === "" && line.state === "connecting") {
      return this.painter.paintState("loading", loadingElement());
    }
    const clock = this.clock.now();
    const now = Number.isNaN(clock) ? Date.now() : clock;
    const { situation, leases } = this.session;
    this.paint(scene({ situation, leases, place, line, now, clockKnown: this.clockKnown }), now);
  }

  fault() {
    const own = this.city && this.city.areas.find((area) => area.scheme === "class20");
    if (!this.city && !this.area) {
      return this.painter.paintState("loading", loadingElement());
    }
    return this.painter.paintState("fault", faultElement(this.area, own ? own.code : "市町村コード7桁"));
  }

  /** @param {import("./scene.js").Scene} now_shown @param {number} now */
  paint(now_shown, now) {
    const { cards, everyday } = now_shown;
    const turns = /** @type {import("./rotation.js").Turn[]} */ (cards);
    this.rotation = turn(this.rotation, everyday && cards.length > 0 ? turns.concat(EVERYDAY) : turns, performance.now());
    const shown = cards.find((card) => card.key === this.rotation.key) || null;
    const anew = this.painter.paint({
      scene: now_shown,
      shown,
      cityName: this.city ? this.city.name.ja : "",
      signName: this.name,
      items: this.city ? this.city.idle || [] : [],
      now,
    });
    if (anew || this.shownBefore === "") {
      this.acknowledge(cards, shown);
    }
  }

  /** Tells the office what people can see, once it has been painted. @param {Card[]} cards @param {Card | null} shown */
  acknowledge(cards, shown) {
    const alive = new Set(cards.map((card) => `${card.stream} ${card.revision}`));
    this.seen.forEach((revision, stream) => alive.has(`${stream} ${revision}`) || this.seen.delete(stream));
    if (shown) {
      this.seen.set(shown.stream, shown.revision);
    }
    const list = Array.from(this.seen, ([stream, revision]) => ({ stream, revision }));
    const text = JSON.stringify([this.session.situation.offset, list]);
    if (this.up && this.session.awaits === null && text !== this.shownBefore) {
      this.shownBefore = text;
      const ack = { type: "ack", offset: this.session.situation.offset, shown: list };
      window.requestAnimationFrame(() => window.requestAnimationFrame(() => this.connection.send(ack)));
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
