// The inbox of the demo phones: drawn from /v1/inbox, anew whenever /v1/events says that something came.

/**
 * @typedef {{at: string, title: string, body: string, tag: string, silent: boolean, urgent: boolean, repeats: number,
 *   replaced: boolean, change: string, hazard: string, level: string, rank: string, origin: string, drill: string,
 *   language: string}} Shown
 * @typedef {{address: string, name: string, place: string, language: string, listed: boolean, shown: Shown[]}} Phone
 * @typedef {{now: string, accepted: number, repeats: number, elsewhere: number, phones: Phone[]}} Inbox
 */

const LANGUAGES = /** @type {{[language: string]: string}} */ ({ ja: "日本語", easy: "やさしい日本語", en: "English" });
const OVER = /** @type {{[change: string]: string}} */ ({ end: "解除", cancel: "取消" });
const BELL = "M6 17V11a6 6 0 0 1 12 0v6l1.500 2h-15zM10 21.500h4";
const MUTED = `${BELL}M3.500 3.500l17 17`;
const CLOCK_MS = 1000;
/** After an error the browser connects again by itself; until then the page says that it is old. */
const RETRY_MS = 2000;

/** @type {Inbox | null} */
let inbox = null;
/** Server time minus this machine's monotonic time, in milliseconds. */
let offset = 0;
/** @type {number | null} when the line broke, in server time */
let lost = null;
let asking = false;
let askAgain = false;
/** @type {Map<string, string>} address → what is drawn of it, so that only a phone that changed is drawn anew */
const drawn = new Map();

/**
 * @param {string} tag
 * @param {{[name: string]: string}} attributes
 * @param {(Node | string)[]} [children]
 */
function el(tag, attributes, children) {
  const element = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  (children || []).forEach((child) => element.append(child));
  return element;
}

/** @param {string} path */
function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Japanese time, whatever the machine's zone. @param {number} ms @param {boolean} seconds */
function clock(ms, seconds) {
  const time = new Date(ms + 9 * 3600 * 1000).toISOString();
  return time.slice(11, seconds ? 19 : 16);
}

/** @param {string} id @returns {HTMLElement} */
function at(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`no element ${id}`);
  }
  return found;
}

/** @param {string} language */
function lang(language) {
  return language === "en" ? "en" : "ja";
}

// --- drawing ---

/** @param {Phone} phone */
function phoneElement(phone) {
  const place = phone.place || "この端末で登録した場所";
  const owner = phone.name || `端末 …${phone.address.slice(-6)}`;
  const list = phone.shown.length > 0 ? phone.shown.map(card) : [empty()];
  const label = `${place} ${owner} の通知`;
  return el("article", { class: "phone", "data-address": phone.address }, [
    el("div", { class: "screen" }, [
      el("header", { class: "top" }, [
        el("h2", { class: "place" }, [place]),
        el("p", { class: "tongue" }, [LANGUAGES[phone.language] || phone.language || "—"]),
        el("p", { class: "owner", lang: lang(phone.name === "" ? "ja" : phone.language) }, [owner]),
      ]),
      el("ol", { class: "list", tabindex: "0", "aria-label": label }, list),
    ]),
  ]);
}

function empty() {
  return el("li", { class: "empty" }, [
    el("strong", {}, ["通知はありません"]),
    "登録した場所に、選んだ強さの情報が出ると届きます",
  ]);
}

/** @param {Shown} one */
function card(one) {
  const said = [
    icon(one.silent ? MUTED : BELL),
    one.silent ? "半鐘 音なし" : one.urgent ? "半鐘 緊急" : "半鐘",
    ...(one.replaced ? ["・次の通知に置き換え"] : []),
    el("time", { datetime: one.at }, [clock(Date.parse(one.at), true)]),
  ];
  const inside = [
    el("p", { class: "from", lang: "ja" }, said),
    el("h3", { class: "title", lang: lang(one.language) }, [...(one.replaced ? [] : mark(one)), el("b", {}, [one.title])]),
    ...(one.replaced ? [] : [el("p", { class: "body", lang: lang(one.language) }, [one.body])]),
    ...(one.repeats > 0 ? [el("p", { class: "note", lang: "ja" }, [`同じ通知がさらに ${one.repeats} 回届きました`])] : []),
  ];
  const hatch = one.drill && !one.replaced ? [el("p", { class: "hatch" }, [el("span", {}, ["訓練 DRILL"])])] : [];
  return el("li", { class: one.replaced ? "card replaced" : "card", "data-tag": one.tag }, [
    ...hatch,
    el("div", { class: "inside" }, inside),
  ]);
}

/** The level in its shape and colour, or that it is over; nothing where there is no level. @param {Shown} one */
function mark(one) {
  const over = OVER[one.change];
  if (over) {
    return [el("span", { class: "mark word", lang: "ja" }, [over])];
  }
  return one.level && one.origin !== "gauge" ? [el("span", { class: "mark", "data-level": one.level }, [one.level])] : [];
}

function draw() {
  if (!inbox) {
    return;
  }
  const phones = at("phones");
  inbox.phones.forEach((phone, index) => {
    const text = JSON.stringify(phone);
    const before = phones.children[index];
    if (drawn.get(phone.address) === text && before) {
      return;
    }
    drawn.set(phone.address, text);
    const element = phoneElement(phone);
    if (before) {
      before.replaceWith(element);
    } else {
      phones.append(element);
    }
  });
  while (phones.lastElementChild && phones.children.length > inbox.phones.length) {
    phones.lastElementChild.remove();
  }
  const elsewhere = inbox.elsewhere > 0 ? `　ほかの端末 ${inbox.elsewhere}` : "";
  at("counts").textContent = `受け取り ${inbox.accepted}　重複 ${inbox.repeats}${elsewhere}`;
}

// --- keeping up ---

async function ask() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  do {
    askAgain = false;
    try {
      const response = await fetch("/v1/inbox");
      inbox = /** @type {Inbox} */ (await response.json());
      offset = Date.parse(inbox.now) - performance.now();
      setLost(null);
      draw();
    } catch (error) {
      setLost(lost === null ? performance.now() + offset : lost);
      setTimeout(ask, RETRY_MS);
    }
  } while (askAgain);
  asking = false;
}

/** @param {number | null} since */
function setLost(since) {
  lost = since;
  const state = at("state");
  state.hidden = since === null;
  if (since !== null) {
    state.textContent = offset ? `${clock(since, false)} から受信箱とつながりません。表示は古いままです。` : "受信箱とつながりません。";
  }
}

function tick() {
  at("clock").textContent = offset ? clock(performance.now() + offset, true) : "";
}

const events = new EventSource("/v1/events");
events.onmessage = ask;
events.onerror = () => setLost(lost === null ? performance.now() + offset : lost);
setInterval(tick, CLOCK_MS);
ask();
