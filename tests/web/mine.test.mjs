// What the device keeps, and what of it is ever sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MIN_RANK, nobody, PLACES_MAX, read, wishes, withChange, withoutPlace, withPlace } from "../../services/gateway/web/resident/mine.js";

const place = (area, role) => ({ area, role, name: { ja: area, easy: area, en: area } });
const of = (...places) => places.reduce((mine, one) => withPlace(mine, one), nobody());

test("a place begins at the rank that is offered and with nowhere to go", () => {
  const [one] = of(place("14206", "home")).places;
  assert.deepEqual(one, { ...place("14206", "home"), minRank: MIN_RANK, refuge: "" });
});

test("the same place in the same role is one, in another role it is another", () => {
  assert.equal(of(place("14206", "home"), place("14206", "home")).places.length, 1);
  assert.equal(of(place("14206", "home"), place("14206", "work")).places.length, 2);
});

test("there is room for five places", () => {
  const roles = ["home", "work", "school", "family", "other"];
  const full = of(...roles.map((role) => place("14206", role)));
  assert.equal(full.places.length, PLACES_MAX);
  assert.equal(withPlace(full, place("14208", "home")), full);
});

test("places are changed and taken away where they stand", () => {
  const mine = of(place("14206", "home"), place("14208", "family"));
  assert.equal(withChange(mine, 1, { refuge: "高台" }).places[1].refuge, "高台");
  assert.equal(withChange(mine, 1, { refuge: "高台" }).places[0].refuge, "");
  assert.deepEqual(withoutPlace(mine, 0).places.map(({ area }) => area), ["14208"]);
});

test("roles, names and notes are never sent", () => {
  const mine = withChange(of(place("14206", "home"), place("14208", "family")), 0, { refuge: "早川小学校" });
  const sent = wishes(mine, "easy");
  assert.deepEqual(sent, { places: [{ area: "14206", min_rank: 3 }, { area: "14208", min_rank: 3 }], quiet: null, language: "easy" });
  assert.doesNotMatch(JSON.stringify(sent), /home|family|早川|name/);
});

test("home and work in one city are one wish, at the rank that misses nothing", () => {
  const mine = withChange(withChange(of(place("14206", "home"), place("14206", "work")), 0, { minRank: 5 }), 1, { minRank: 2 });
  assert.deepEqual(wishes(mine, "ja").places, [{ area: "14206", min_rank: 2 }]);
});

test("quiet hours are sent when they are on and have a length", () => {
  const quiet = (change) => wishes({ ...nobody(), quiet: { on: true, start: "22:00", end: "06:00", orders: false, ...change } }, "ja").quiet;
  assert.deepEqual(quiet({}), { start: "22:00", end: "06:00", orders: false });
  assert.deepEqual(quiet({ orders: true }), { start: "22:00", end: "06:00", orders: true });
  assert.equal(quiet({ on: false }), null);
  assert.equal(quiet({ end: "22:00" }), null);
});

test("what was kept is read back, and what is damaged is left out", () => {
  const mine = { ...of(place("14206", "home")), notify: true };
  assert.deepEqual(read(JSON.stringify(mine)), mine);
  [null, "", "{", "null", "[]", '{"v":2,"places":[]}', '{"v":1}'].forEach((text) => assert.deepEqual(read(text), nobody()));
  const damaged = { v: 1, places: [{ area: "14206" }, null, { ...place("14206", "king"), minRank: 3 }, { ...place("14206", "home"), minRank: 1 }, mine.places[0]] };
  assert.deepEqual(read(JSON.stringify(damaged)).places, mine.places);
});
