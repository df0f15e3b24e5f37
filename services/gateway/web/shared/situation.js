// What the city's streams say, folded from frames, and what of it is in force here and now.
// The same rules as schemas/lifecycle.py and schemas/situation.py; both sides read tests/fixtures/stream/*.json.

import { CANARY_STREAM, digest } from "./digest.js";

/** @typedef {import("./types").Situation} Situation */
/** @typedef {import("./types").Stream} Stream */
/** @typedef {import("./types").Frame} Frame */
/** @typedef {import("./types").Step} Step */
/** @typedef {import("./types").Alert} Alert */
/** @typedef {import("./types").Info} Info */
/** @typedef {import("./types").Block} Block */
/** @typedef {import("./types").InForce} InForce */
/** @typedef {import("./types").View} View */

/** Up to this rank a gauge's level is shown to those whose work it is. */
const STAFF_RANK = 1;
/** From this rank on a real alert takes drills off a screen (DESIGN.md §3.5). */
export const DRILLS_YIELD_RANK = 3;

/** @returns {Situation} */
export function nothing() {
  return { epoch: "", offset: -1, streams: new Map() };
}

/**
 * Streams as a situation, the canary left out.
 * @param {string} epoch
 * @param {number} offset
 * @param {Stream[]} streams
 * @returns {Situation}
 */
export function situationOf(epoch, offset, streams) {
  const shown = streams.filter((stream) => stream.stream !== CANARY_STREAM);
  return {
    epoch,
    offset,
    streams: new Map(shown.map((stream) => /** @type {[string, Stream]} */ ([stream.stream, stream]))),
  };
}

/**
 * The situation after one more frame. A frame of another epoch, or a digest that is not ours, asks for a resync: what we
 * hold stays on the screen until the snapshot comes.
 * @param {Situation} before
 * @param {Frame} frame
 * @returns {Step}
 */
export function step(before, frame) {
  if (frame.type === "snapshot") {
    const situation = situationOf(frame.epoch || "", Number(frame.offset), frame.streams || []);
    return { situation, resync: frame.digest !== digest(situation.streams.values()) };
  }
  if (frame.type === "welcome") {
    const goesOn = frame.outcome === "replay" || (frame.outcome === "current" && isOurs(before, frame));
    return { situation: before, resync: frame.outcome !== "snapshot" && !(goesOn && frame.epoch === before.epoch) };
  }
  if (frame.type === "alert") {
    return frame.epoch === before.epoch ? record(before, frame) : { situation: before, resync: true };
  }
  if (frame.type === "heartbeat") {
    return frame.epoch === before.epoch ? beat(before, frame) : { situation: before, resync: true };
  }
  return { situation: before, resync: false };
}

/**
 * @param {Situation} before
 * @param {Frame} frame
 * @returns {Step}
 */
function record(before, frame) {
  const offset = Number(frame.offset);
  if (!(offset > before.offset)) {
    return { situation: before, resync: false };
  }
  const stream = frame.stream;
  const held = stream && before.streams.get(stream.stream);
  const late = stream && (stream.stream === CANARY_STREAM || (held && held.revision > stream.revision));
  const streams = late ? before.streams : new Map(before.streams);
  if (stream && !late) {
    streams.set(stream.stream, stream);
  } else if (frame.gone) {
    streams.delete(frame.gone);
  }
  return { situation: { epoch: before.epoch, offset, streams }, resync: false };
}

/**
 * Frames of one line are in order, so at a heartbeat everything up to its head has been heard, however large the gaps.
 * @param {Situation} before
 * @param {Frame} frame
 * @returns {Step}
 */
function beat(before, frame) {
  const offset = Number(frame.offset);
  if (offset < before.offset) {
    return { situation: before, resync: false };
  }
  return isOurs(before, frame)
    ? { situation: { epoch: before.epoch, offset, streams: before.streams }, resync: false }
    : { situation: before, resync: true };
}

/** @param {Situation} situation @param {Frame} frame */
function isOurs(situation, frame) {
  return frame.digest === digest(situation.streams.values());
}

/**
 * The leases of a frame, as milliseconds until when; null where the frame carries none.
 * @param {Frame} frame
 * @returns {Map<string, number> | null}
 */
export function leasesOf(frame) {
  const leases = frame.leases;
  return leases ? new Map(Object.entries(leases).map(([source, until]) => /** @type {[string, number]} */ ([source, Date.parse(until)]))) : null;
}

/**
 * The alert that counts in a stream.
 * @param {Stream} stream
 * @returns {Alert | undefined}
 */
export function standing(stream) {
  return stream.kept.find((alert) => alert.revision === stream.standing);
}

/**
 * What time makes of an active block: a stated end counts alone, else the lease of its source.
 * @param {Info} info
 * @param {string} lease
 * @param {number} now
 * @param {Map<string, number>} leases
 * @returns {"in-force" | "expired" | "lapsed"}
 */
export function validity(info, lease, now, leases) {
  if (info.expires) {
    return now >= Date.parse(info.expires) ? "expired" : "in-force";
  }
  const until = leases.get(lease);
  return until !== undefined && now >= until ? "lapsed" : "in-force";
}

/**
 * All that concerns one surface now, the worst first. Drills stand apart and yield to a real alert of rank 3 and above,
 * also to one that lapsed: what nobody can confirm must not be covered by an exercise.
 * @param {Situation} situation
 * @param {View} view
 * @returns {InForce}
 */
export function inForce(situation, view) {
  /** @type {InForce} */
  const found = { real: [], drills: [], lapsed: [] };
  situation.streams.forEach((stream) => {
    blocksOf(stream, view).forEach((block) => sort(found, block, view));
  });
  if (found.real.concat(found.lapsed.map((lapse) => lapse.block)).some((block) => block.rank >= DRILLS_YIELD_RANK)) {
    found.drills = [];
  }
  found.real.sort(worstFirst);
  found.drills.sort(worstFirst);
  found.lapsed.sort((one, two) => worstFirst(one.block, two.block));
  return found;
}

/**
 * @param {InForce} found
 * @param {Block} block
 * @param {View} view
 */
function sort(found, block, view) {
  const state = validity(block.info, block.alert.lease, view.now, view.leases);
  if (state === "in-force") {
    (block.drill ? found.drills : found.real).push(block);
  } else if (state === "lapsed" && !block.drill) {
    found.lapsed.push({ block, since: /** @type {number} */ (view.leases.get(block.alert.lease)) });
  }
}

/**
 * The blocks of a stream that are in force by their source's words, on this surface, here.
 * @param {Stream} stream
 * @param {View} view
 * @returns {Block[]}
 */
function blocksOf(stream, view) {
  const alert = stream.state === "active" ? standing(stream) : undefined;
  const drill = stream.drill || (alert && alert.drill);
  // only what is marked real may look real: anything else needs a drill that names this surface
  const shown = alert && (drill ? drill.surfaces.indexOf(view.surface) >= 0 : alert.status === "Actual");
  if (!alert || !shown) {
    return [];
  }
  return alert.info
    .filter((info) => info.state === "active" && info.area.some((area) => isMine(area, view.mine)))
    .filter((info) => view.surface !== "sign" || !isForStaff(alert, info))
    .map((info) => ({
      stream: stream.stream,
      revision: alert.revision,
      alert,
      info,
      drill: Boolean(drill),
      rank: info.rank || 1,
    }));
}

/**
 * Whether a block is for those whose work it is: the lowest levels of a gauge (水防団待機水位, 観測開始水位) call out the flood
 * fighters and ask nothing of anybody in the street. The office, the app and the public API have them.
 * @param {Alert} alert
 * @param {import("./types").Info} info
 */
function isForStaff(alert, info) {
  return alert.origin === "gauge" && (info.rank || 1) <= STAFF_RANK;
}

/**
 * Whether an area is one of a surface's; an area is its system and code, never a bare code.
 * @param {import("./types").Area} area
 * @param {Set<string>} mine
 */
export function isMine(area, mine) {
  return area.code !== undefined && mine.has(`${area.code.scheme}:${area.code.code}`);
}

/** @param {Block} one @param {Block} two */
function worstFirst(one, two) {
  return two.rank - one.rank || Date.parse(two.alert.sent) - Date.parse(one.alert.sent) || (one.stream < two.stream ? -1 : 1);
}
