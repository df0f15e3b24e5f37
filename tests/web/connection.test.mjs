import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf, barePlace, placeOf } from "../../services/gateway/web/shared/city.js";
import { byeDelayMs, retryDelayMs } from "../../services/gateway/web/shared/connection.js";

test("retries wait up to half a second at first and never longer than thirty", () => {
  assert.equal(retryDelayMs(1, 1), 500);
  assert.equal(retryDelayMs(2, 1), 1000);
  assert.equal(retryDelayMs(60, 1), 30000);
});

test("the jitter is full: anything from nothing up", () => {
  assert.equal(retryDelayMs(7, 0), 0);
  assert.equal(retryDelayMs(3, 0.5), 1000);
});

test("after a bye the return is within what it says", () => {
  assert.equal(byeDelayMs({ type: "bye", reconnect: true, retry_ms: 800 }, 0.999) < 800, true);
  assert.equal(byeDelayMs({ type: "bye", reconnect: true, retry_ms: 800 }, 0), 0);
});

test("a sign that is not wanted asks again all the same, much later", () => {
  assert.ok(byeDelayMs({ type: "bye", reconnect: false, retry_ms: 10 }, 0) >= 60000);
});

const text = (ja) => ({ ja, easy: ja, en: ja });
const CITY = {
  id: "odawara", name: text("小田原市"), prefecture: text("神奈川県"), jis5: "14206", demo: false, idle: [],
  areas: [{ scheme: "class20", code: "1420600" }, { scheme: "tsunami", code: "330" }],
  neighbours: [{ id: "zushi", name: text("逗子市"), jis5: "14208", areas: [{ scheme: "class20", code: "1420800" }] }],
};

test("an area is written as a class20 code, a JIS code or with its scheme", () => {
  assert.deepEqual(["1420600", "14206", "tsunami:330", "", "小田原", "1420600x", ":1"].map(areaOf), ["class20:1420600", "jis5:14206", "tsunami:330", null, null, null, null]);
});

test("a sign of the city has all areas of the city, one of a neighbour only the neighbour's", () => {
  const whole = new Set(["class20:1420600", "tsunami:330"]);
  [null, "class20:1420600", "jis5:14206", "tsunami:330"].forEach((area) => assert.deepEqual(placeOf(CITY, area).mine, whole));
  const zushi = placeOf(CITY, "class20:1420800");
  assert.deepEqual([zushi.name, zushi.mine], [text("逗子市"), new Set(["class20:1420800"])]);
});

test("an area of nobody is no place: never everywhere", () => assert.equal(placeOf(CITY, "class20:1310100"), null));

test("before the city was heard the area stands alone", () => {
  assert.deepEqual(barePlace("jis5:14206").mine, new Set(["jis5:14206", "class20:1420600", "quake_city:1420600"]));
});
