// Which card is on the screen: several take turns, the worst dwells longest and comes back between the others.

/** Long enough to read a card aloud, by rank; ±0, so that people learn the rhythm. */
export const DWELL_MS = /** @type {{[rank: string]: number}} */ ({ 5: 20000, 4: 16000, 3: 12000, 2: 8000, 1: 6000 });
/** From this rank on the worst is never more than one card away: whoever looks up sees it within seconds. */
const RETURN_RANK = 4;

/** So long the worse card stays before something new that is less bad may come. */
const READ_MS = 8000;

/**
 * What a rotation needs of a card. Drills never count as the worst beside anything real.
 * @typedef {{key: string, subject: string, rank: number, drill: boolean}} Turn
 *
 * `at`: place in the sequence; `since`, `until`: monotonic milliseconds; `ranks`: at which rank each subject was seen.
 * @typedef {{key: string | null, at: number, since: number, until: number, ranks: Map<string, number>}} Rotation
 */

/** @returns {Rotation} */
export function still() {
  return { key: null, at: 0, since: -Infinity, until: -Infinity, ranks: new Map() };
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
 * The rotation as it stands at `now`. Whatever is new or has risen comes at once, unless something worse has only just
 * come up; the rest takes turns.
 * @param {Rotation} before
 * @param {Turn[]} cards
 * @param {number} now monotonic, milliseconds
 * @returns {Rotation}
 */
export function turn(before, cards, now) {
  if (cards.length === 0) {
    return still();
  }
  const keys = round(cards);
  const current = cards.find((card) => card.key === before.key);
  const risen = before.key === null ? undefined : cards.find((card) => card.rank > (before.ranks.get(card.subject) || 0));
  const comes = risen && (!current || risen.rank >= current.rank || now >= before.since + READ_MS) ? risen : undefined;
  if (current && !comes && now < before.until) {
    return Object.assign({}, before, { ranks: seen(before, cards, current) });
  }
  const at = comes ? keys.indexOf(comes.key) : next(before, keys, Boolean(current));
  const shown = /** @type {Turn} */ (cards.find((card) => card.key === keys[at]));
  return { key: shown.key, at, since: now, until: now + Number(DWELL_MS[String(shown.rank)]), ranks: seen(before, cards, shown) };
}

/**
 * The rank at which people have seen each subject: what is new or has risen counts once it is on the screen. At the very
 * first all is new, so nothing is.
 * @param {Rotation} before
 * @param {Turn[]} cards
 * @param {Turn} shown
 */
function seen(before, cards, shown) {
  return new Map(
    cards.map((card) => {
      const known = before.ranks.get(card.subject) || 0;
      const counts = before.key === null || card.key === shown.key || card.rank <= known;
      return /** @type {[string, number]} */ ([card.subject, counts ? card.rank : known]);
    }),
  );
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
