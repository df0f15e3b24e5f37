// The everyday page: the time, the date, what the city tells its people, and what nobody could confirm.

import { hhmm, jst } from "../shared/clock.js";
import { el, phrases } from "../shared/dom.js";
import { gap } from "../shared/icons.js";

/** @typedef {import("../shared/types").IdleItem} IdleItem */
/** @typedef {import("./scene.js").LapsedCard} LapsedCard */

/** More would have to be small. */
const ITEMS_MAX = 3;

/**
 * @param {{cityName: string, signName: string, items: IdleItem[], lapsed: LapsedCard[]}} content
 */
export function everydayElement(content) {
  const panel = content.lapsed.length > 0 ? lapsedPanel(content.lapsed) : itemsPanel(content.items.slice(0, ITEMS_MAX));
  return el("section", { class: "everyday" }, [
    el("div", { class: "shift" }, [
      el("p", { class: "here", lang: "ja" }, [el("span", {}, [content.cityName]), el("span", { class: "sign-name" }, [content.signName])]),
      el("div", { class: "columns" }, [
        el("div", { class: "now" }, [
          el("p", { class: "time", id: "time" }),
          el("p", { class: "date", id: "date", lang: "ja" }),
        ]),
        panel,
      ]),
    ]),
  ]);
}

/** @param {IdleItem[]} items */
function itemsPanel(items) {
  return el(
    "div",
    { class: items.length > 0 ? "panel" : "panel empty" },
    [el("h2", { lang: "ja" }, ["市からのお知らせ"])].concat(
      items.map((item, index) =>
        el("div", { class: index === 0 ? "item first" : "item" }, [
          el("p", { class: "item-title", lang: "ja" }, phrases(item.title.ja)),
          el("p", { class: "item-text", lang: "ja" }, item.text ? phrases(item.text.ja) : []),
        ]),
      ),
    ),
  );
}

/** What lapsed is named, with the time since when nobody knows; it is not an all-clear. @param {LapsedCard[]} lapsed */
function lapsedPanel(lapsed) {
  const named = lapsed.slice(0, ITEMS_MAX).map((one) =>
    el("div", { class: "item" }, [
      el("p", { class: "item-title", lang: "ja" }, [one.name]),
      el("p", { class: "since", lang: "ja" }, [`${one.since} 以降 未確認`]),
    ]),
  );
  return el("div", { class: "panel lapsed" }, [
    el("h2", { lang: "ja" }, [gap(), el("span", {}, [`解除は確認できていません${lapsed.length > 1 ? `（${lapsed.length}件）` : ""}`])]),
    ...named,
    el("p", { class: "item-text", lang: "ja" }, phrases("続いていると考えて テレビ・ラジオで 確認してください")),
    el("p", { class: "item-text", lang: "en" }, ["Not confirmed to be over. Check TV or radio."]),
  ]);
}

/**
 * Writes the time where the page shows it.
 * @param {ParentNode} root
 * @param {number} now
 */
export function tellTime(root, now) {
  const time = root.querySelector("#time");
  const date = root.querySelector("#date");
  const clock = root.querySelector("#clock");
  const today = jst(now);
  [time, clock].forEach((element) => write(element, Number.isNaN(now) ? "--:--" : hhmm(now)));
  write(date, Number.isNaN(now) ? "" : `${today.month}月${today.day}日（${today.weekday}）`);
}

/** @param {Element | null} element @param {string} text */
function write(element, text) {
  if (element && element.textContent !== text) {
    element.textContent = text;
  }
}
