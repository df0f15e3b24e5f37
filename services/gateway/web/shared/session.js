// One client's side of the stream protocol, without a socket: frames come in, what is known and what to answer comes out.

import { digest } from "./digest.js";
import { leasesOf, nothing, situationOf, step } from "./situation.js";

/** @typedef {import("./types").Frame} Frame */
/** @typedef {import("./types").Situation} Situation */
/** @typedef {import("./types").Stream} Stream */

/** Between two resyncs: a gateway that cannot satisfy us must not be asked in a loop; the next heartbeat asks again. */
const RESYNC_EVERY_MS = 5000;
/** Until the gateway says otherwise: no frame for so long means that the line is dead. */
const DEAD_S = 40;

/**
 * `awaits` is what is missing before the situation is known to be complete: the welcome, a snapshot, or the digest that
 * a replay must lead to; null when nothing is. `heard` is the server's time of the last word that confirmed it, `asOf` the
 * time at which the gateway itself last knew that this is all: it stands still while its log cannot be read.
 * @typedef {{
 *   situation: Situation, leases: Map<string, number>, awaits: "welcome" | "snapshot" | {digest: string} | null,
 *   heard: number | null, asOf: number | null, dead_s: number, resyncAt: number,
 * }} Session
 */

/** @returns {Session} */
export function freshSession() {
  return { situation: nothing(), leases: new Map(), awaits: "welcome", heard: null, asOf: null, dead_s: DEAD_S, resyncAt: -Infinity };
}

/**
 * What a page keeps so that a restart without a line still shows what is unexpired.
 * @param {Session} session
 */
export function kept(session) {
  const streams = Array.from(session.situation.streams.values());
  /** @type {{[source: string]: number}} */
  const leases = {};
  session.leases.forEach((until, source) => {
    leases[source] = until;
  });
  return { epoch: session.situation.epoch, offset: session.situation.offset, streams, leases, heard: session.heard };
}

/**
 * @param {ReturnType<typeof kept>} saved
 * @returns {Session}
 */
export function restored(saved) {
  return Object.assign(freshSession(), {
    situation: situationOf(saved.epoch, saved.offset, saved.streams),
    leases: new Map(Object.keys(saved.leases).map((source) => /** @type {[string, number]} */ ([source, saved.leases[source]]))),
    heard: saved.heard,
  });
}

/**
 * A new line: nothing is confirmed before its welcome.
 * @param {Session} session
 * @returns {Session}
 */
export function opened(session) {
  return Object.assign({}, session, { awaits: "welcome", resyncAt: -Infinity });
}

/**
 * The first message of a line.
 * @param {Session} session
 * @param {string} client at most 64 characters
 * @param {"sign" | "page"} kind
 */
export function hello(session, client, kind) {
  const { epoch, offset, streams } = session.situation;
  const resume = epoch ? { epoch, offset, digest: digest(streams.values()) } : null;
  return { type: "hello", v: 1, client, kind, resume };
}

/**
 * The session after one more frame, and what to answer.
 * @param {Session} before
 * @param {Frame} frame
 * @param {number} now monotonic, milliseconds
 * @returns {{session: Session, answers: {type: string}[]}}
 */
export function hear(before, frame, now) {
  const taken = step(before.situation, frame);
  const session = Object.assign({}, before, {
    situation: taken.situation,
    leases: leasesOf(frame) || before.leases,
    dead_s: frame.dead_s || before.dead_s,
    awaits: taken.resync ? "snapshot" : awaited(before, frame, taken.situation),
    heard: frame.server_time ? Date.parse(frame.server_time) : before.heard,
    asOf: frame.as_of ? Date.parse(frame.as_of) : before.asOf,
  });
  const asks = taken.resync && now - before.resyncAt >= RESYNC_EVERY_MS;
  return asks
    ? { session: Object.assign(session, { resyncAt: now }), answers: [{ type: "resync" }] }
    : { session, answers: [] };
}

/**
 * @param {Session} before
 * @param {Frame} frame
 * @param {Situation} situation
 * @returns {Session["awaits"]}
 */
function awaited(before, frame, situation) {
  if (frame.type === "welcome") {
    return frame.outcome === "snapshot" ? "snapshot" : replayed({ digest: frame.digest || "" }, situation);
  }
  if (frame.type === "snapshot" || (frame.type === "heartbeat" && before.awaits !== "welcome")) {
    return null;
  }
  const awaits = before.awaits;
  return awaits !== null && typeof awaits === "object" ? replayed(awaits, situation) : awaits;
}

/** @param {{digest: string}} goal @param {Situation} situation */
function replayed(goal, situation) {
  return goal.digest === digest(situation.streams.values()) ? null : goal;
}
