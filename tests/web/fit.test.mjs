// How a card's size is found: the largest that fits, in few tries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { largest } from "../../services/gateway/web/signage/fit.js";

const SCALES = [1.3, 1.2, 1.1, 1, 0.9, 0.8, 0.7];

for (const room of [2, ...SCALES, 1.15, 0.75, 0.5]) {
  test(`with room for ${room} the largest that fits is left on the screen`, () => {
    /** @type {number[]} */
    const tried = [];
    const found = largest(SCALES, (scale) => {
      tried.push(scale);
      return scale <= room;
    });
    const expected = SCALES.find((scale) => scale <= room);
    assert.equal(found, expected !== undefined);
    assert.equal(expected === undefined ? undefined : tried[tried.length - 1], expected);
    assert.ok(tried.length <= 5, `tried ${tried}`);
  });
}

test("of one size only that one is tried", () => {
  assert.equal(largest([1], () => true), true);
  assert.equal(largest([1], () => false), false);
});
