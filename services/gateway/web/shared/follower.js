// A page that follows the situation: what it knows, kept true by the line while there is one and by its own clock while
// there is none. What it looks like is not known here.

import { areaOf, barePlace, fetchCity, placeOf } from "./city.js";
import { Clock, timeAfterRestart } from "./clock.js";
import { clientId, Connection, streamUrl } from "./connection.js";
import { freshSession, hear, hello, kept, opened, restored } from "./session.js";
import { load, save, VERSION } from "./store.js";

/** @typedef {import("./types").City} City */
/** @typedef {import("./types").Frame} Frame */
/** @typedef {import("./types").Line} Line */
/** @typedef {import("./types").Known} Known */

/** How often the page looks at its clock: an expired alert is gone within this. */
const TICK_MS = 250;
/** A first line that is not there by then is said to be dead. */
const PATIENCE_MS = 6000;
/** The city's everyday items and areas are asked for anew so often, and so soon after a failure. */
const CITY_EVERY_MS = 600000;
const CITY_RETRY_MS = 15000;

export class Follower {
  /**
   * @param {"sign" | "page"} kind
   * @param {string} area as written in the address, "" for none
   * @param {() => void} look called at every change and every tick
   */
  constructor(kind, area, look) {
    this.kind = kind;
    this.area = area;
    this.code = areaOf(area);
    this.look = look;
    this.client = clientId(kind);
    this.clock = new Clock(() => performance.now());
    this.session = freshSession();
    /** @type {City | null} */
    this.city = null;
    this.up = false;
    this.everLost = false;
    this.clockKnown = true;
    this.restore();
    this.connection = new Connection(streamUrl(), {
      hello: () => {
        this.session = opened(this.session);
        return hello(this.session, this.client, kind);
      },
      frame: (frame) => this.hear(frame),
      up: (up) => this.line(up),
    });
  }

  start() {
    this.connection.open();
    this.askCity();
    window.setInterval(this.look, TICK_MS);
    this.look();
  }

  /** What is known now. */
  known() {
    const clock = this.clock.now();
    return {
      situation: this.session.situation,
      leases: this.session.leases,
      line: this.lineNow(),
      now: Number.isNaN(clock) ? Date.now() : clock,
      clockKnown: this.clockKnown,
    };
  }

  /** The place this page is for; null when its area is nobody's here, or not yet known. */
  place() {
    if (this.area && !this.code) {
      return null;
    }
    if (this.city) {
      return placeOf(this.city, this.code);
    }
    return this.code ? barePlace(this.code) : null;
  }

  /** Whether nothing at all is known: no situation, from here or from before. */
  get empty() {
    return this.session.situation.epoch === "";
  }

  /** Whether a message to the gateway would speak of a complete situation. */
  get complete() {
    return this.up && this.session.awaits === null;
  }

  restore() {
    const saved = load(`${this.kind}.${this.area}`);
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
    const skew = this.clock.now() - Date.now();
    save(`${this.kind}.${this.area}`, { v: VERSION, session: kept(this.session), city: this.city, skew: Number.isNaN(skew) ? 0 : skew });
  }

  /** @param {Frame} frame */
  hear(frame) {
    const time = Date.parse(frame.server_time || "");
    if (!Number.isNaN(time)) {
      this.clock.align(time);
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
    this.look();
  }

  /** @returns {Line} */
  lineNow() {
    const { awaits, heard, asOf } = this.session;
    if (this.up) {
      return { state: awaits === null ? "live" : "connecting", heard, asOf };
    }
    return { state: this.everLost || performance.now() > PATIENCE_MS ? "lost" : "connecting", heard, asOf };
  }

  askCity() {
    fetchCity().then(
      (city) => {
        this.city = city;
        this.keep();
        this.look();
        window.setTimeout(() => this.askCity(), CITY_EVERY_MS);
      },
      () => window.setTimeout(() => this.askCity(), CITY_RETRY_MS),
    );
  }
}
