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
  for (let index = 0; index < bytes.length; index += 1) {
    value = TABLE[(value ^ bytes[index]) & 0xff] ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * The order of Python's strings: by code point. JavaScript's own compares UTF-16 units, which differs beyond U+FFFF.
 * @param {string} left
 * @param {string} right
 */
export function byCodePoint(left, right) {
  const one = Array.from(left);
  const two = Array.from(right);
  for (let index = 0; index < Math.min(one.length, two.length); index += 1) {
    if (one[index] !== two[index]) {
      return /** @type {number} */ (one[index].codePointAt(0)) - /** @type {number} */ (two[index].codePointAt(0));
    }
  }
  return one.length - two.length;
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
