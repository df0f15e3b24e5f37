// これまでの流れ: what this page has seen begin, change and end in one place. It can only tell what it saw: a page that was
// closed learns afterwards that something is over, and says so as "by then".

import { standing, validity } from "../shared/situation.js";

/** @typedef {import("../shared/types").Text} Text */
/** @typedef {import("../shared/types").Card} Card */
/** @typedef {import("../shared/types").Situation} Situation */
/** @typedef {"begin" | "change" | "over" | "cancel" | "lapse"} Kind */
/**
 * `mark` is what was last seen of one subject.
 * @typedef {{name: Text, level: number | null, equivalent: boolean, rank: number, drill: boolean, order: boolean, sent: number, stream: string,
 *   hazard: string, alert: string, lapsed: boolean}} Mark
 */
/** `by` is true where all that is known is that it was so by then. */
/** @typedef {{at: number, by: boolean, kind: Kind, name: Text, level: number | null, equivalent: boolean, rank: number, drill: boolean, order: boolean, alert: string}} Entry */
/** @typedef {{marks: {[subject: string]: Mark}, entries: Entry[]}} Course */
/** One thing that is shown: its card, the alert behind it, and since when it lapsed. */
/** @typedef {{card: Card, alert: string, lapsedSince: number | null}} Seen */

const ENTRIES_MAX = 30;
const AGE_MAX_MS = 48 * 3600 * 1000;

/** @returns {Course} */
export function noCourse() {
  return { marks: {}, entries: [] };
}

/**
 * @param {any} kept
 * @returns {Course}
 */
export function readCourse(kept) {
  const fits = kept && kept.marks && typeof kept.marks === "object" && Array.isArray(kept.entries);
  return fits ? { marks: kept.marks, entries: kept.entries } : noCourse();
}

/**
 * The course after one more look, the newest first; the same object where nothing happened. Only a look at a situation
 * that is known to be complete counts.
 * @param {Course} before
 * @param {Seen[]} seen the worst first
 * @param {Situation} situation
 * @param {{now: number, leases: Map<string, number>}} time
 * @returns {Course}
 */
export function noted(before, seen, situation, time) {
  /** @type {{[subject: string]: Mark}} */
  const marks = {};
  /** @type {Entry[]} */
  const news = [];
  seen.forEach((one) => {
    const subject = one.card.subject;
    if (!(subject in marks)) {
      marks[subject] = markOf(one);
      const happened = begun(before.marks[subject], one);
      news.push(...(happened ? [happened] : []));
    }
  });
  Object.keys(before.marks).filter((subject) => !(subject in marks)).forEach((subject) => {
    const mark = /** @type {Mark} */ (before.marks[subject]);
    if (stands(mark, situation, time)) {
      marks[subject] = mark; // covered by something real, not over
    } else {
      news.push(ended(mark, situation, time.now));
    }
  });
  const young = before.entries.filter((entry) => time.now - entry.at < AGE_MAX_MS);
  if (news.length === 0 && young.length === before.entries.length && same(marks, before.marks)) {
    return before;
  }
  const entries = news.concat(young).sort((one, two) => two.at - one.at).slice(0, ENTRIES_MAX);
  return { marks, entries };
}

/** @param {{[subject: string]: Mark}} one @param {{[subject: string]: Mark}} other */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** @param {Seen} seen @returns {Mark} */
function markOf({ card, alert, lapsedSince }) {
  return {
    name: card.name,
    level: card.level,
    equivalent: card.mark.kind === "level" && card.mark.equivalent,
    rank: card.rank,
    drill: card.drill,
    order: card.order,
    sent: card.source.sent,
    stream: card.stream,
    hazard: card.hazard,
    alert,
    lapsed: lapsedSince !== null,
  };
}

/**
 * @param {Mark} mark @param {Kind} kind @param {number} at @param {boolean} [by]
 * @returns {Entry}
 */
function entry(mark, kind, at, by) {
  const { name, level, equivalent, rank, drill, order, alert } = mark;
  return { at, by: Boolean(by), kind, name, level, equivalent, rank, drill, order, alert };
}

/**
 * What happened to something that is there, null for nothing: a re-issue and a revival are none.
 * @param {Mark | undefined} before
 * @param {Seen} seen
 */
function begun(before, seen) {
  const mark = markOf(seen);
  if (seen.lapsedSince !== null) {
    return before && before.lapsed ? null : entry(mark, "lapse", seen.lapsedSince);
  }
  if (!before) {
    return entry(mark, "begin", mark.sent);
  }
  const other = before.name.ja !== mark.name.ja || before.level !== mark.level || before.rank !== mark.rank;
  return other ? entry(mark, "change", mark.sent) : null;
}

/**
 * Whether it is in force although it is not shown: a drill that yields to something real.
 * @param {Mark} mark
 * @param {Situation} situation
 * @param {{now: number, leases: Map<string, number>}} time
 */
function stands(mark, situation, time) {
  const stream = situation.streams.get(mark.stream);
  const alert = stream && stream.state === "active" ? standing(stream) : undefined;
  return Boolean(
    mark.drill && alert && alert.info.some((info) => info.state === "active" && base(info.hazard) === mark.hazard && validity(info, alert.lease, time.now, time.leases) === "in-force"),
  );
}

/** @param {string} hazard */
function base(hazard) {
  return hazard.replace(/:.*$/, "");
}

/**
 * @param {Mark} mark
 * @param {Situation} situation
 * @param {number} now
 */
function ended(mark, situation, now) {
  const stream = situation.streams.get(mark.stream);
  const alert = stream && standing(stream);
  const kind = stream && stream.state === "cancelled" ? "cancel" : "over";
  const said = alert ? Date.parse(alert.sent) : NaN;
  // a word that came after what we knew is what ended it; else all that is known is that it is over by now
  return said > mark.sent ? entry(mark, kind, said) : entry(mark, kind, now, true);
}
