import assert from "node:assert/strict";
import { test } from "node:test";
import { byCodePoint, crc32, digest } from "../../services/gateway/web/shared/digest.js";

const bytes = (text) => new TextEncoder().encode(text);

test("CRC-32 has the check value of its catalogue entry", () => {
  assert.equal(crc32(bytes("123456789")), 0xcbf43926);
  assert.equal(crc32(bytes("")), 0);
});

test("the digest of nothing is eight zeros", () => assert.equal(digest([]), "00000000"));

test("the digest does not depend on order, and does on stream, revision and state", () => {
  const one = { stream: "a", revision: "1", state: "active", kept: [] };
  const two = { stream: "b", revision: "1", state: "active", kept: [] };
  assert.equal(digest([one, two]), digest([two, one]));
  const others = [{ ...two, stream: "c" }, { ...two, revision: "2" }, { ...two, state: "ended" }];
  others.forEach((other) => assert.notEqual(digest([one, other]), digest([one, two])));
});

test("lines are sorted by code point, as Python sorts", () => {
  // U+FF5E stands before U+1F525, whose first UTF-16 unit (D83D) is the smaller one
  assert.ok(byCodePoint("～", "🔥") < 0);
  assert.ok(byCodePoint("a", "ab") < 0);
  assert.equal(byCodePoint("小田原", "小田原"), 0);
});
