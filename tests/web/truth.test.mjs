import assert from "node:assert/strict";
import { test } from "node:test";

import { freshSession, hear } from "../../services/gateway/web/shared/session.js";
import { truth } from "../../services/gateway/web/shared/truth.js";

const NOW = Date.parse("2026-09-01T13:00:00Z");
const LEASES = new Map([["jma.extra", NOW + 60000]]);

test("a live line with every source heard is sure", () => {
  assert.deepEqual(truth({ state: "live", heard: NOW, asOf: NOW - 1000 }, LEASES, NOW), { kind: "sure", since: null });
});

test("a gateway that cannot read its own log is not sure, however alive its line", () => {
  assert.deepEqual(truth({ state: "live", heard: NOW, asOf: NOW - 60000 }, LEASES, NOW), { kind: "silent", since: NOW - 60000 });
});

test("a source whose lease has ended makes the line silent since then", () => {
  assert.deepEqual(truth({ state: "live", heard: NOW }, new Map([["jma.extra", NOW - 1]]), NOW), { kind: "silent", since: NOW - 1 });
});

test("a dead line was last heard when it was last heard", () => {
  assert.deepEqual(truth({ state: "lost", heard: NOW - 5 }, LEASES, NOW), { kind: "lost", since: NOW - 5 });
});

test("the time at which the gateway knew everything comes with its words", () => {
  const frame = { type: "heartbeat", epoch: "e", offset: 1, digest: "00000000", server_time: "2026-09-01T13:00:00Z", as_of: "2026-09-01T12:58:00Z", leases: {} };
  assert.equal(hear(freshSession(), frame, 0).session.asOf, NOW - 120000);
});
