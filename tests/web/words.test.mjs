import assert from "node:assert/strict";
import { test } from "node:test";
import { LANGUAGES, languageOf, WORDS } from "../../services/gateway/web/resident/words.js";

test("every sentence of the page stands in every language", () => {
  Object.entries(WORDS).forEach(([name, words]) => {
    LANGUAGES.forEach(({ language }) => assert.ok(words[language], `${name} ${language}`));
  });
});

test("easy Japanese is written in kana", () => {
  Object.values(WORDS).forEach(({ easy }) => assert.doesNotMatch(easy, /\p{Script=Han}/u));
});

test("the language is the one asked for, else the one chosen, else the browser's", () => {
  assert.equal(languageOf("easy", "en", ["ja"]), "easy");
  assert.equal(languageOf(null, "en", ["ja"]), "en");
  assert.equal(languageOf("xx", null, ["ja-JP", "en"]), "ja");
  assert.equal(languageOf(null, null, ["pt-BR"]), "en");
  assert.equal(languageOf(null, null, []), "ja");
});
