// How far what we hold can be trusted now. Only "sure" allows anybody to say that nothing is in force.

import { inForce } from "./situation.js";

/** @typedef {import("./types").Line} Line */
/** @typedef {import("./types").Known} Known */
/** @typedef {import("./types").InForce} InForce */

/** A gateway that has not read its own log for longer tells us nothing new, however alive its line is. */
const BLIND_MS = 40000;

/**
 * `lost`: no line, `since` when it was last heard (null: never). `checking`: nothing is confirmed yet. `silent`: the line
 * lives, but a source, or the gateway's own log, has not been heard `since` then. `sure`: complete, and every source is heard.
 * @typedef {{kind: "lost" | "checking" | "silent" | "sure", since: number | null}} Truth
 */

/**
 * @param {Line} line
 * @param {Map<string, number>} leases
 * @param {number} now
 * @returns {Truth}
 */
export function truth(line, leases, now) {
  if (line.state !== "live") {
    return { kind: line.state === "lost" ? "lost" : "checking", since: line.heard };
  }
  if (line.heard !== null && typeof line.asOf === "number" && line.heard - line.asOf > BLIND_MS) {
    return { kind: "silent", since: line.asOf };
  }
  const ended = Array.from(leases.values()).filter((until) => now >= until);
  if (ended.length > 0) {
    return { kind: "silent", since: Math.min.apply(null, ended) };
  }
  return { kind: leases.size > 0 ? "sure" : "checking", since: null };
}

/**
 * What a surface may show now. A device that does not know the time cannot say that anything is unexpired: then all is as
 * if lapsed when the gateway was last heard.
 * @param {Known} known
 * @param {"sign" | "page"} surface
 * @param {Set<string>} mine
 * @returns {InForce}
 */
export function shownNow(known, surface, mine) {
  const found = inForce(known.situation, { surface, mine, now: known.now, leases: known.leases });
  if (known.clockKnown) {
    return found;
  }
  const since = known.line.heard;
  const lapsed = found.real.map((block) => ({ block, since: since === null ? Date.parse(block.alert.sent) : since }));
  return { real: [], drills: [], lapsed: lapsed.concat(found.lapsed) };
}
