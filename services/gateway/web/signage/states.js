// The sign before it knows anything, and the sign whose address is wrong: designed, not left over.

import { el } from "../shared/dom.js";

/** The fire bell of the village tower, our name. */
export function loadingElement() {
  return el("section", { class: "state loading" }, [
    el("div", { class: "shift" }, [
      el("img", { class: "bell", src: "/static/shared/bell.svg", alt: "" }),
      el("h1", { lang: "ja" }, ["情報を確認しています"]),
      el("p", { lang: "ja" }, ["いま しらせを しらべています"]),
      el("p", { lang: "en" }, ["Checking the situation"]),
    ]),
  ]);
}

/**
 * @param {string} area as given in the address
 * @param {string} example an area that would be right
 */
export function faultElement(area, example) {
  return el("section", { class: "state fault" }, [
    el("div", { class: "shift" }, [
      el("h1", { lang: "ja" }, ["このサインの設定を確認してください"]),
      el("p", { lang: "ja" }, [area ? `地域「${area}」は この市の地域ではありません。` : "地域が指定されていません。"]),
      el("p", { lang: "ja", class: "address" }, [`例： /sign?area=${example}&name=駅前`]),
      el("p", { lang: "en" }, [`E5801 ${area ? `area "${area}" is not one of this city's` : "no area given"}. Correct the address of this sign.`]),
      el("p", { lang: "ja" }, ["警報・避難情報は テレビ・ラジオで確認してください。"]),
    ]),
  ]);
}
