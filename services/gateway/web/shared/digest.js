// The digest that proves a client complete: CRC-32 of the sorted lines "stream revision state" (schemas/situation.py).

/** @typedef {import("./types").Stream} Stream */

/** Our own test runs on this stream; no surface shows it and no digest counts it. */
export const CANARY_STREAM = "canary";

const TABLE = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value >>> 0;
});

/**
 * CRC-32 (IEEE 802.3, as zlib's) of bytes.
 * @param {Uint8Array} bytes
 * @returns {number} unsigned, 32 bits
 */
export function crc32(bytes) {
  let value = 0xffffffff;
  bytes.forEach((byte) => {
    value = Number(TABLE[(value ^ byte) & 0xff]) ^ (value >>> 8);
  });
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * The order of Python's strings: by code point. JavaScript's own compares UTF-16 units, which differs beyond U+FFFF.
 * @param {string} left
 * @param {string} right
 */
export function byCodePoint(left, right) {
  const others = codePoints(right);
  const differs = codePoints(left)
    .map((code, index) => code - (others[index] === undefined ? -1 : Number(others[index])))
    .find((difference) => difference !== 0);
  // where one is the other's beginning, the shorter stands first
  return differs === undefined ? left.length - right.length : differs;
}

/** @param {string} text */
function codePoints(text) {
  return Array.from(text, (character) => Number(character.codePointAt(0)));
}

/**
 * Eight hex digits that say what a client holds; equal at every gateway and on every sign at the same offset.
 * @param {Iterable<Stream>} streams
 */
export function digest(streams) {
  const lines = Array.from(streams)
    .filter((stream) => stream.stream !== CANARY_STREAM)
    .map((stream) => `${stream.stream} ${stream.revision} ${stream.state}\n`)
    .sort(byCodePoint);
  const sum = crc32(new TextEncoder().encode(lines.join("")));
  return `0000000${sum.toString(16)}`.slice(-8);
}
