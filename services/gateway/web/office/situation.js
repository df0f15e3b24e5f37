// Keeps the situation page fresh: asks for it again every few seconds and puts in what changed, section by section.
// Without JavaScript the page reloads itself (noscript). What an officer is reading or holds is left alone.

import { hhmm } from "../shared/clock.js";

const EVERY_MS = 4000;
const DEAD_MS = 20000;
let heard = Date.now();

/** @param {Element} section */
function isHeld(section) {
  return section.contains(document.activeElement) || Boolean(section.querySelector("details[open]"));
}

/** @param {Document} fresh */
function take(fresh) {
  const now = document.querySelector("#live");
  const next = fresh.querySelector("#live");
  if (!now || !next) {
    location.reload(); // the log-in is over: the door says so
    return;
  }
  [...now.children].forEach((column, at) => {
    const newer = next.children[at];
    if (newer && !column.isEqualNode(newer) && !isHeld(column)) {
      column.replaceWith(document.adoptNode(newer.cloneNode(true)));
    }
  });
  ["#clock", "nav"].forEach((name) => {
    const old = document.querySelector(name);
    const newer = fresh.querySelector(name);
    if (old && newer && !isHeld(old) && !old.isEqualNode(newer)) {
      old.replaceWith(document.adoptNode(newer.cloneNode(true)));
    }
  });
}

/** Says that what is on the screen is old, since when, and what to do instead. */
function tellDead() {
  const lead = document.querySelector("#live > .lead");
  if (!lead || document.querySelector("#dead")) {
    return;
  }
  const box = document.createElement("div");
  box.id = "dead";
  box.className = "message bad";
  box.setAttribute("role", "alert");
  box.textContent = `${hhmm(heard)} から更新できていません。表示は古いままです。開き直してください。つながらないときは、電話や防災行政無線など、ほかの手段を使ってください。`;
  lead.prepend(box);
}

async function ask() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(DEAD_MS) });
    if (answer.ok || answer.redirected) {
      take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      heard = Date.now();
      document.querySelector("#dead")?.remove();
    }
  } catch {
    // the line is down; how long it has been is what counts
  }
  if (Date.now() - heard > DEAD_MS) {
    tellDead();
  }
}

setInterval(() => void ask(), EVERY_MS);
