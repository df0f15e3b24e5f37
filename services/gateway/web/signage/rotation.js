// Which card is on the screen: several take turns, the worst dwells longest and comes back between the others.

/** Long enough to read a card aloud, by rank; ±0, so that people learn the rhythm. */
export const DWELL_MS = /** @type {{[rank: string]: number}} */ ({ 5: 20000, 4: 16000, 3: 12000, 2: 8000, 1: 6000 });
/** From this rank on the worst is never more than one card away: whoever looks up sees it within seconds. */
const RETURN_RANK = 4;

/**
 * What a rotation needs of a card. Drills never count as the worst beside anything real.
 * @typedef {{key: string, subject: string, rank: number, drill: boolean}} Turn
 *
 * `at`: place in the sequence; `until`: monotonic milliseconds; `ranks`: rank of each subject when last seen.
 * @typedef {{key: string | null, at: number, until: number, ranks: Map<string, number>}} Rotation
 */

/** @returns {Rotation} */
export function still() {
  return { key: null, at: 0, until: -Infinity, ranks: new Map() };
}

/**
 * The keys of one whole round. Cards come sorted, the worst first and drills last.
 * @param {Turn[]} cards
 */
export function round(cards) {
  const [top] = cards;
  const worst = cards.filter((card) => top && card.rank === top.rank && card.drill === top.drill);
  const rest = cards.slice(worst.length);
  const keys = cards.map((card) => card.key);
  if (!top || rest.length < 2 || top.rank < RETURN_RANK) {
    return keys;
  }
  return rest.reduce((/** @type {string[]} */ all, card) => all.concat(worst.map((one) => one.key), card.key), []);
}

/**
 * The rotation as it stands at `now`: whatever is new or has risen comes at once, the rest in turn.
 * @param {Rotation} before
 * @param {Turn[]} cards
 * @param {number} now monotonic, milliseconds
 * @returns {Rotation}
 */
export function turn(before, cards, now) {
  const ranks = new Map(cards.map((card) => /** @type {[string, number]} */ ([card.subject, card.rank])));
  if (cards.length === 0) {
    return still();
  }
  const keys = round(cards);
  const risen = cards.find((card) => card.rank > (before.ranks.get(card.subject) || 0));
  const current = cards.find((card) => card.key === before.key);
  if (current && !risen && now < before.until) {
    return { key: before.key, at: before.at, until: before.until, ranks };
  }
  const at = risen ? keys.indexOf(risen.key) : next(before, keys, Boolean(current));
  const shown = /** @type {Turn} */ (cards.find((card) => card.key === keys[at]));
  return { key: shown.key, at, until: now + Number(DWELL_MS[String(shown.rank)]), ranks };
}

/**
 * The place after the current one; when the current card is gone, the place it had, so that nobody is skipped.
 * @param {Rotation} before
 * @param {string[]} keys
 * @param {boolean} stands
 */
function next(before, keys, stands) {
  if (!stands) {
    return before.at % keys.length;
  }
  const here = keys[before.at] === before.key ? before.at : keys.indexOf(/** @type {string} */ (before.key));
  return (here + 1) % keys.length;
}
