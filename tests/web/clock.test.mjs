import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, dayAndTime, hhmm, jst, timeAfterRestart } from "../../services/gateway/web/shared/clock.js";

const at = (text) => Date.parse(text);

test("the clock goes on with the monotonic count from where the server put it", () => {
  let count = 5000;
  const clock = new Clock(() => count);
  assert.ok(Number.isNaN(clock.now()));
  clock.align(at("2026-09-01T13:00:00Z"));
  count += 61000;
  assert.equal(clock.now(), at("2026-09-01T13:01:01Z"));
});

test("a stamp that was held up on the line does not put the clock back", () => {
  let count = 0;
  const clock = new Clock(() => count);
  clock.align(at("2026-09-01T13:00:00Z"));
  count = 15000;
  clock.align(at("2026-09-01T13:00:09Z"));
  assert.equal(clock.now(), at("2026-09-01T13:00:15Z"));
});

test("a server whose clock is put back is followed after a few heartbeats", () => {
  let count = 0;
  const clock = new Clock(() => count);
  clock.align(at("2026-09-01T14:00:00Z"));
  for (let beat = 1; beat <= 8; beat += 1) {
    count = beat * 15000;
    clock.align(at("2026-09-01T13:00:00Z") + count);
  }
  assert.equal(clock.now(), at("2026-09-01T13:00:00Z") + count);
});

test("what was assumed after a restart counts only until the server is heard", () => {
  let count = 0;
  const clock = new Clock(() => count);
  clock.assume(at("2026-09-01T15:00:00Z"));
  count = 1000;
  assert.equal(clock.now(), at("2026-09-01T15:00:01Z"));
  clock.align(at("2026-09-01T13:00:00Z"));
  assert.equal(clock.now(), at("2026-09-01T13:00:00Z"));
});

test("after a restart the device's clock is corrected by what it was off before", () => {
  const kept = { heard: at("2026-09-01T13:00:00Z"), skew: -3600000 };
  assert.equal(timeAfterRestart(kept, at("2026-09-01T14:30:00Z")), at("2026-09-01T13:30:00Z"));
});

test("a device whose clock stands before what it had reached does not know the time", () => {
  const kept = { heard: at("2026-09-01T13:00:00Z"), skew: 0 };
  assert.equal(timeAfterRestart(kept, at("2020-01-01T00:00:00Z")), null);
});

test("times are Japanese, whatever the device's zone", () => {
  assert.equal(hhmm(at("2026-09-01T13:40:00Z")), "22:40");
  assert.equal(hhmm(at("2026-09-01T15:05:00Z")), "00:05");
  assert.deepEqual(jst(at("2026-11-22T05:02:00Z")), { year: 2026, month: 11, day: 22, weekday: "日", hour: 14, minute: 2 });
});

test("a time of another day carries its date", () => {
  const now = at("2026-09-02T01:00:00Z");
  assert.equal(dayAndTime(at("2026-09-02T00:30:00Z"), now), "09:30");
  assert.equal(dayAndTime(at("2026-09-01T13:40:00Z"), now), "9月1日 22:40");
  assert.equal(dayAndTime(at("2025-09-02T01:00:00Z"), now), "9月2日 10:00");
});
