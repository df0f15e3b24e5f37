// Type that fills the screen that is there: by measuring, never by guessing. Nothing gets smaller than 1/28 of the
// screen's height, whatever happens; a card that cannot fit then loses its least needed lines first.

/** Sizes in units of 1/1080 of the shorter edge, at scale 1: [landscape, portrait]. */
const TYPE = /** @type {{[name: string]: [number, number]}} */ ({
  kicker: [60, 78],
  "kicker-easy": [50, 66],
  english: [58, 66],
  place: [80, 92],
  "english-place": [58, 66],
  action: [118, 124],
  easy: [60, 66],
  help: [48, 60],
  trained: [46, 60],
  word: [100, 92],
  "word.long": [80, 92],
});
/** The name's greatest size on one line and on two, in the same units: [landscape, portrait]. */
const NAME_MOST = { landscape: [250, 150], portrait: [290, 226] };
/** Sizes outside the lines of a card, in the same units, and never below the smallest. */
const PAGE_TYPE = /** @type {{[name: string]: number}} */ ({ note: 42, text: 46, lead: 56, strong: 62, label: 42 });
const SMALLEST = 1 / 28;
/** How far one line of English may shrink so that it stays one line. */
const ONE_LINE = 0.72;

/** What is tried in turn until it fits: lines left out, and the scales from the largest down. */
const TRIALS = /** @type {[string, number[]][]} */ ([
  ["", [1.3, 1.24, 1.18, 1.12, 1.06, 1, 0.95, 0.9, 0.85, 0.8]],
  ["help", [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7]],
  ["help detail", [0.8, 0.75, 0.7]],
  ["help detail trained", [0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5]],
  ["help detail trained easy", [0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5]],
  ["help detail trained easy english", [0.8, 0.7, 0.6, 0.5, 0.4, 0.3]],
]);

/** @typedef {{width: number, height: number, portrait: boolean, unit: number, smallest: number}} Screen */
/** @typedef {{room: number, phrase: number, whole: number}} Wide A line's room, its longest phrase, all of it on one line. */

/** @param {number} width @param {number} height @returns {Screen} */
export function screenOf(width, height) {
  const portrait = height > width;
  const unit = portrait ? Math.min(width / 1080, height / 1640) : Math.min(height / 1080, width / 1560);
  return { width, height, portrait, unit, smallest: Math.ceil(height * SMALLEST) };
}

/**
 * Sets the units that sign.css counts in.
 * @param {HTMLElement} root
 * @param {Screen} screen
 */
export function measureScreen(root, screen) {
  root.style.setProperty("--u", `${screen.unit}px`);
  Object.entries(PAGE_TYPE).forEach(([name, size]) => {
    root.style.setProperty(`--${name}`, `${Math.max(screen.smallest, size * screen.unit)}px`);
  });
  root.setAttribute("data-shape", screen.portrait ? "portrait" : screen.width > 2.3 * screen.height ? "wide" : "landscape");
  root.setAttribute("data-everyday", screen.width < 1.4 * screen.height ? "column" : "row");
}

/**
 * Lays a card out as large as it fits.
 * @param {HTMLElement} card with one `.name` of one or two `.part`s
 * @param {Screen} screen
 */
export function fitCard(card, screen) {
  TRIALS.some(([drop, scales]) => {
    card.setAttribute("data-drop", drop);
    return largest(scales, (scale) => tryScale(card, screen, scale));
  });
}

/**
 * Leaves the largest of these (they fall) that fits, by halving: what fits at one size fits at every smaller one.
 * @param {number[]} scales
 * @param {(scale: number) => boolean} fits lays out at a scale, and says whether that fits
 * @returns {boolean} whether any fits
 */
export function largest(scales, fits) {
  let tooLarge = -1;
  let fitting = scales.length - 1;
  let laidOut = fitting;
  if (!fits(Number(scales[fitting]))) {
    return false;
  }
  while (fitting - tooLarge > 1) {
    laidOut = Math.floor((tooLarge + fitting) / 2);
    if (fits(Number(scales[laidOut]))) {
      fitting = laidOut;
    } else {
      tooLarge = laidOut;
    }
  }
  return laidOut === fitting || fits(Number(scales[fitting]));
}

/**
 * Shows the time as large as leaves room for the panel, and as many of the city's items as then fit, whole.
 * @param {HTMLElement} page the everyday page
 * @param {Screen} screen
 */
export function fitEveryday(page, screen) {
  const items = /** @type {HTMLElement[]} */ (Array.from(page.querySelectorAll(".item"))).reverse().slice(0, -1);
  // the bar below says the same as a panel's own closing words
  const words = /** @type {HTMLElement[]} */ (Array.from(page.querySelectorAll(".panel > .item-text"))).reverse();
  const boxes = /** @type {HTMLElement[]} */ (Array.from(page.querySelectorAll(".columns, .panel")));
  const fits = () => boxes.every((box) => box.scrollHeight <= box.clientHeight + 1);
  words.concat(items).forEach((item) => item.removeAttribute("hidden"));
  [1, 0.9, 0.8, 0.7, 0.6].some((scale) => {
    page.style.setProperty("--e", `${screen.unit * scale}px`);
    return fits();
  });
  words.concat(items).forEach((item) => fits() || item.setAttribute("hidden", ""));
}

/**
 * Everything is set, then everything measured, then what is too wide is set again: a browser lays out once for each change
 * of mind, and a small machine behind a large screen feels that.
 * @param {HTMLElement} card
 * @param {Screen} screen
 * @param {number} scale
 */
function tryScale(card, screen, scale) {
  card.style.setProperty("--e", `${screen.unit * scale}px`);
  const title = /** @type {HTMLElement} */ (card.querySelector(".title"));
  const what = /** @type {HTMLElement} */ (card.querySelector(".what"));
  const lines = linesOf(card, screen, scale);
  lines.forEach(([line, size]) => {
    line.classList.remove("loose");
    line.style.fontSize = `${size}px`;
    line.style.whiteSpace = line.classList.contains("english") ? "nowrap" : "";
  });
  fitName(/** @type {HTMLElement} */ (card.querySelector(".name")), title.clientWidth, screen, scale);
  const rooms = [title.clientWidth, what.clientWidth];
  const wide = lines.map(([line]) => ({ room: Number(rooms[title.contains(line) ? 0 : 1]), phrase: widestPhrase(line), whole: line.scrollWidth }));
  lines.forEach(([line, size], index) => fitLine(line, size, /** @type {Wide} */ (wide[index]), screen.smallest));
  // the content's own height: the burn-in shift moves it, and a moved box would count as an overflow of the card
  return /** @type {HTMLElement} */ (card.firstElementChild).offsetHeight <= card.clientHeight;
}

/**
 * A card's lines but its name, with the size that each has at a scale.
 * @param {HTMLElement} card
 * @param {Screen} screen
 * @param {number} scale
 * @returns {[HTMLElement, number][]}
 */
function linesOf(card, screen, scale) {
  return Object.entries(TYPE).reduce((lines, [name, [landscape, portrait]]) => {
    const size = Math.max(screen.smallest, (screen.portrait ? portrait : landscape) * screen.unit * scale);
    const found = /** @type {HTMLElement[]} */ (Array.from(card.querySelectorAll(`.${name}`)));
    return lines.concat(found.map((line) => /** @type {[HTMLElement, number]} */ ([line, size])));
  }, /** @type {[HTMLElement, number][]} */ ([]));
}

/** @param {HTMLElement} line */
function widestPhrase(line) {
  return Array.from(line.querySelectorAll(".phrase")).reduce((width, phrase) => Math.max(width, phrase.getBoundingClientRect().width), 0);
}

/**
 * A line breaks between phrases only: it shrinks until its longest phrase fits. English shrinks a little to stay one line.
 * @param {HTMLElement} line
 * @param {number} size
 * @param {Wide} wide
 * @param {number} smallest
 */
function fitLine(line, size, { room, phrase, whole }, smallest) {
  let fitting = size;
  if (phrase > room) {
    fitting = Math.max(smallest, (size * room) / phrase);
    line.classList.toggle("loose", (size * room) / phrase < smallest);
  }
  if (line.classList.contains("english")) {
    line.style.whiteSpace = "";
    const ratio = (room / whole) * (size / fitting) * 0.995;
    if (ratio < 1 && ratio >= ONE_LINE && fitting * ratio >= smallest) {
      fitting *= ratio;
    }
  }
  if (fitting !== size) {
    line.style.fontSize = `${fitting}px`;
  }
}

/**
 * The name on one line or two, whichever is larger.
 * @param {HTMLElement} name
 * @param {number} room
 * @param {Screen} screen
 * @param {number} scale
 */
function fitName(name, room, screen, scale) {
  const [mostOne = 0, mostTwo = 0] = screen.portrait ? NAME_MOST.portrait : NAME_MOST.landscape;
  const parts = Array.from(name.querySelectorAll(".part"));
  name.style.fontSize = "100px";
  const widths = parts.map((part) => part.getBoundingClientRect().width / 100);
  const whole = widths.reduce((sum, width) => sum + width, 0);
  const one = Math.min(mostOne * screen.unit * scale, room / whole);
  const two = Math.min(mostTwo * screen.unit * scale, room / Math.max.apply(null, widths));
  const onTwo = parts.length > 1 && two > one * 1.05;
  name.setAttribute("data-lines", onTwo ? "2" : "1");
  name.style.fontSize = `${Math.floor(Math.max(screen.smallest, onTwo ? two : one))}px`;
}
