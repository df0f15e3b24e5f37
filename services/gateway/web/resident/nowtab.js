// いま: the chips of the person's places, what is in force in the one in front, what they decided, what happened so far.

import { jst } from "../shared/clock.js";
import { el, put } from "../shared/dom.js";
import { icon, levelShape } from "../shared/icons.js";
import { card, levelRow } from "../shared/lines.js";
import { shownNow, truth } from "../shared/truth.js";
import { noCourse, noted } from "./course.js";
import { flowElements, reasonLink } from "./flow.js";
import { keep } from "./keep.js";
import { PLACES_MAX } from "./mine.js";
import { alertElements, fingerprint, readOut, truthElements } from "./now.js";
import { button, byId } from "./paint.js";
import { placeName } from "./prepare.js";
import { SAY } from "./sayings.js";
import { languages } from "./settings.js";
import { handOver, sentence } from "./share.js";
import { timeOf } from "./time.js";
import { WORDS } from "./words.js";

/** @typedef {import("./home.js").Home} Home */
/** @typedef {import("../shared/types").Known} Known */
/** @typedef {import("../shared/types").Place} Place */
/** @typedef {import("../shared/types").InForce} InForce */
/** @typedef {import("./mine.js").MyPlace} MyPlace */
/** @typedef {import("./course.js").Seen} Seen */

/** From this rank on a person needs to know where they would go, and can tell their family. */
const SERIOUS_RANK = 3;
const EVERYWHERE = "city";
/** @type {InForce} */
const NOTHING = { real: [], drills: [], lapsed: [] };

/** @param {Home} home @param {Known} known */
export function lookNow(home, known) {
  const { language, painter, mine } = home;
  const front = home.myPlace();
  const place = home.placeOf(front);
  const shown = place ? shownNow(known, "page", place.mine) : NOTHING;
  const nobody = Boolean(home.follower.city && !place);
  watch(home, known);
  painter.paint("chips", chipsSeen(home, known), () => chipElements(home, known));
  const { city } = home.follower;
  painter.paint("welcome", [language, mine.places.length, city, home.erased, Boolean(home.registration.kept)], () => welcomeElements(home));
  const name = place ? place.name[language] : "";
  painter.paint("title", [language, name], () => [name ? `${name}${SAY.cityNow[language]}` : WORDS.situation[language]]);
  const seen = [language, name, nobody, fingerprint(shown, known), jst(known.now).day];
  painter.paint("truth", seen, () => truthElements(known, place, shown, language, nobody));
  const said = readOut(byId("truth"));
  painter.paint("said", said, () => [said]);
  document.title = titleOf(home, shown, place);
  lookAlerts(home, known, place, shown);
  lookAside(home, known, front, place, shown);
  lookCourse(home, known, front, shown);
  painter.paint("limits", language, () => [WORDS.limits[language]]);
}

/** What stands on the browser's tab: the worst, and where. @param {Home} home @param {InForce} shown @param {Place | null} place */
function titleOf(home, shown, place) {
  const block = shown.real.concat(shown.drills)[0];
  const about = block && place ? card(block, place) : null;
  const { language } = home;
  const name = about ? about.name[language] : WORDS.situation[language];
  const drill = about && about.drill ? `【${WORDS.drills[language]}】` : "";
  return `${drill}${name} ${place ? place.name[language] : ""} 半鐘`.replace(/ +/g, " ");
}

// --- alerts ---

/** @param {Home} home @param {Known} known @param {Place | null} place @param {InForce} shown */
function lookAlerts(home, known, place, shown) {
  const { language, painter } = home;
  const [blocks, lapses] = fingerprint(shown, known);
  const made = () => (place ? alertElements(shown, place, language, known.now, { rows: true }) : { real: [], lapsed: [], drills: [] });
  const seen = [language, place && place.name, jst(known.now).day];
  painter.paint("real", [seen, blocks], () => made().real);
  painter.paint("lapsed", [seen, lapses], () => made().lapsed);
  painter.paint("drills", [seen, blocks], () => made().drills);
  byId("drills").hidden = shown.drills.length === 0;
}

// --- what the person decided, and telling the family ---

/** @param {Home} home @param {Known} known @param {MyPlace | null} front @param {Place | null} place @param {InForce} shown */
function lookAside(home, known, front, place, shown) {
  const { language, painter } = home;
  const block = shown.real.concat(shown.drills)[0];
  const serious = block && place && block.rank >= SERIOUS_RANK ? block : null;
  const seen = [language, serious && [serious.stream, serious.revision, serious.info.hazard], front && [front.area, front.role, front.refuge]];
  painter.paint("aside", seen, () => {
    if (!serious || !place) {
      return [];
    }
    const refuge = front && front.refuge ? [el("p", { class: "refuge" }, [icon("shelter"), el("span", {}, [SAY.refugeOwn[language]]), el("b", {}, [front.refuge])])] : [];
    const decide = front && !front.refuge ? [el("a", { class: "button strong", href: "#prepare" }, [SAY.refugeSet[language]])] : [];
    return [
      ...refuge,
      el("p", { class: "buttons" }, [...decide, button({ class: "plain" }, [SAY.tellFamily[language]], () => tell(home, known.now, serious, place))]),
      el("p", { id: "told", class: "state", role: "status" }, []),
    ];
  });
}

/** @param {Home} home @param {number} now @param {import("../shared/types").Block} block @param {Place} place */
async function tell(home, now, block, place) {
  const { language } = home;
  const one = card(block, place);
  const page = { demo: Boolean(home.follower.city && home.follower.city.demo), url: `${location.origin}/situation` };
  const text = sentence(one, language, timeOf(language, one.source.sent, now), page);
  const how = await handOver(text);
  if (how !== "shared") {
    put(byId("told"), [SAY[how === "copied" ? "told" : "notTold"][language], el("span", { class: "sentence" }, [text])]);
  }
}

// --- what happened so far ---

/** Notes what each place shows; only what is known to be complete counts. @param {Home} home @param {Known} known */
function watch(home, known) {
  const { city } = home.follower;
  const { kind } = truth(known.line, known.leases, known.now);
  if (!city || !known.clockKnown || known.line.state !== "live" || (kind !== "sure" && kind !== "silent")) {
    return;
  }
  const areas = home.mine.places.length > 0 ? home.mine.places.map(({ area }) => area) : [EVERYWHERE];
  /** @type {Home["courses"]} */
  const after = {};
  areas.forEach((area) => {
    const place = home.placeOf(home.mine.places.find((one) => one.area === area) || null);
    const before = home.courses[area] || noCourse();
    after[area] = place ? noted(before, seenIn(shownNow(known, "page", place.mine), place), known.situation, known) : before;
  });
  const changed = Object.keys(after).some((area) => after[area] !== home.courses[area]) || Object.keys(home.courses).some((area) => !(area in after));
  if (changed) {
    home.courses = after;
    keep("course", JSON.stringify(after));
  }
}

/** @param {InForce} shown @param {Place} place @returns {Seen[]} */
function seenIn(shown, place) {
  /** @param {import("../shared/types").Block} block @param {number | null} lapsedSince @returns {Seen} */
  const seen = (block, lapsedSince) => ({ card: card(block, place), alert: block.alert.identifier, lapsedSince });
  return shown.real.concat(shown.drills).map((block) => seen(block, null)).concat(shown.lapsed.map(({ block, since }) => seen(block, since)));
}

/** @param {Home} home @param {Known} known @param {MyPlace | null} front @param {InForce} shown */
function lookCourse(home, known, front, shown) {
  const { language, painter, mine } = home;
  const course = home.courses[front ? front.area : EVERYWHERE] || noCourse();
  painter.paint("flow", [language, course.entries, jst(known.now).day], () => flowElements(course, language, known.now));
  const block = shown.real.concat(shown.drills)[0];
  // what began or changed is what a notification told, not the report that repeats it
  const entry = course.entries.find(({ kind, rank }) => kind !== "lapse" && front && rank >= front.minRank);
  const alert = entry ? entry.alert : block ? block.alert.identifier : "";
  home.askable = alert;
  const asks = front && mine.notify && alert !== "";
  // an open reason is not closed by the next report of the same
  painter.paint("reasons", [language, front && [front.area, front.role], asks], () => (front && asks ? reasonLink(language, () => home.why(front)) : []));
}

// --- places ---

/** @param {Home} home @param {Known} known */
function chipsSeen(home, known) {
  const { mine, language } = home;
  return [language, mine.places.map((one) => [one.area, one.role]), Math.min(home.chosen, mine.places.length - 1), mine.places.map((one) => markOf(home, one, known))];
}

/** What a place's chip shows: the level or rank of the worst, or that nobody could confirm it. @param {Home} home @param {MyPlace} mine @param {Known} known */
function markOf(home, mine, known) {
  const place = home.placeOf(mine);
  const shown = place ? shownNow(known, "page", place.mine) : NOTHING;
  const worst = shown.real[0];
  if (worst && worst.rank > 1) {
    return { level: worst.alert.origin === "gauge" ? null : worst.info.level || null, lapsed: false };
  }
  return shown.lapsed.length > 0 ? { level: null, lapsed: true } : null;
}

/** @param {Home} home @param {Known} known */
function chipElements(home, known) {
  const { mine, language } = home;
  if (mine.places.length === 0) {
    return [];
  }
  const front = home.myPlace();
  const chips = mine.places.map((one, index) => {
    const mark = markOf(home, one, known);
    const row = mark && levelRow(mark.level);
    const sign = !mark ? [] : row ? [el("span", { class: "chip-mark", "data-level": String(row.level) }, [el("span", { class: "unseen" }, [WORDS.level[language]]), levelShape(row.shape, String(row.level))])] : [el("span", { class: "chip-mark" }, [mark.lapsed ? "?" : "!"])];
    return button({ "aria-pressed": String(one === front), id: `chip-${index}` }, [...sign, placeName(one, language)], () => home.choose(index));
  });
  const more = mine.places.length < PLACES_MAX ? [button({ "aria-label": SAY.addPlace[language], class: "more", id: "chip-more" }, ["＋"], () => home.openChooser())] : [];
  return [...chips, ...more];
}

/** Before any place is chosen: languages, the places at hand, and the search. @param {Home} home */
function welcomeElements(home) {
  const { language, mine } = home;
  const { city } = home.follower;
  if (mine.places.length > 0) {
    return [];
  }
  const gone = home.erased ? [el("p", { class: "strong", role: "status" }, [SAY[home.registration.kept ? "deleting" : "deleted"][language]])] : [];
  const near = city ? [city, ...city.neighbours].slice(0, 6) : [];
  const choices = near.map(({ jis5, name }) => button({ class: "result" }, [el("b", {}, [name[language]])], () => home.openChooser({ jis5, name, prefecture: city ? city.prefecture : name })));
  return [
    languages(language, { speak: (chosen) => home.speak(chosen) }),
    el("section", { class: "panel welcome" }, [
      ...gone,
      el("h2", {}, [SAY.welcome[language]]),
      el("p", { class: "hint" }, [SAY.welcomeWhy[language]]),
      el("div", { class: "near" }, choices),
      button({ class: "plain wide", id: "by-name" }, [SAY.byName[language]], () => home.openChooser()),
    ]),
  ];
}
