// The server's time, kept by the page alone: a monotonic count aligned to `server_time`, so that a jump of the device's
// own clock neither keeps an expired alert nor takes one away. And Japanese time from it, whatever the device's zone.

/** How many alignments count. The least delayed of them is right: delay on the line can only make a stamp look old. */
const SAMPLES_MAX = 8;

const JST_MS = 9 * 3600 * 1000;
const WEEKDAYS = "日月火水木金土";

export class Clock {
  /** @param {() => number} monotonic milliseconds from any start, never set back (performance.now) */
  constructor(monotonic) {
    this.monotonic = monotonic;
    /** @type {number[]} server time minus monotonic time, newest last */
    this.samples = [];
    /** @type {number | null} */
    this.assumed = null;
  }

  /** @param {number} server_ms what the server's time must be now; counts only until the server is heard */
  assume(server_ms) {
    this.assumed = server_ms - this.monotonic();
  }

  /** @param {number} server_ms the server's time as just heard */
  align(server_ms) {
    this.samples.push(server_ms - this.monotonic());
    if (this.samples.length > SAMPLES_MAX) {
      this.samples.shift();
    }
  }

  /** The server's time now, in milliseconds since 1970; NaN while nothing is known of it. */
  now() {
    const offset = this.samples.length > 0 ? Math.max.apply(null, this.samples) : this.assumed;
    return offset === null ? NaN : this.monotonic() + offset;
  }
}

/**
 * The server's time after a restart without a line: the device's clock, corrected by how far it was off when the server
 * was last heard. A clock that stands before what it had already reached (no battery, set back) is not believed.
 * @param {{heard: number, skew: number}} kept when the server was last heard, and server minus device time then
 * @param {number} device_ms the device's clock now
 * @returns {number | null} milliseconds, or null when nobody can say what time it is
 */
export function timeAfterRestart(kept, device_ms) {
  const now = device_ms + kept.skew;
  return now >= kept.heard ? now : null;
}

/**
 * A time as Japanese wall time.
 * @param {number} ms milliseconds since 1970
 */
export function jst(ms) {
  const time = new Date(ms + JST_MS);
  return {
    year: time.getUTCFullYear(),
    month: time.getUTCMonth() + 1,
    day: time.getUTCDate(),
    weekday: WEEKDAYS[time.getUTCDay()],
    hour: time.getUTCHours(),
    minute: time.getUTCMinutes(),
  };
}

/**
 * 22:40, Japanese time.
 * @param {number} ms
 */
export function hhmm(ms) {
  const time = jst(ms);
  return `${`0${time.hour}`.slice(-2)}:${`0${time.minute}`.slice(-2)}`;
}

/**
 * 22:40, with the date before it when that is not today.
 * @param {number} ms
 * @param {number} now
 */
export function dayAndTime(ms, now) {
  const then = jst(ms);
  const today = jst(now);
  const same = then.year === today.year && then.month === today.month && then.day === today.day;
  return same ? hhmm(ms) : `${then.month}月${then.day}日 ${hhmm(ms)}`;
}
