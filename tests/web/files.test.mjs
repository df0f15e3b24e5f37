// Rules of the pages' files: what they may contain, and that copies of the contract agree with it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LEVELS } from "../../services/gateway/web/shared/contract.js";
import { screenOf } from "../../services/gateway/web/signage/fit.js";
import { allWords } from "../../services/gateway/web/signage/typeface.js";

const WEB = new URL("../../services/gateway/web/", import.meta.url);
const read = (path) => readFileSync(new URL(path, WEB), "utf8");
const list = (folder, ending) => readdirSync(new URL(folder, WEB)).filter((name) => name.endsWith(ending)).map((name) => folder + name);
const modules = ["shared/", "signage/", "resident/"].flatMap((folder) => list(folder, ".js")).filter((path) => path !== "shared/contract.js");

modules.forEach((path) => {
  test(`${path} has at most 300 lines`, () => assert.ok(read(path).split("\n").length <= 301));
  test(`${path} makes no markup of data and runs no text`, () => {
    assert.doesNotMatch(read(path), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  });
  test(`${path} imports by relative path only`, () => {
    Array.from(read(path).matchAll(/^import .* from "([^"]+)"/gm), (match) => assert.match(match[1], /^\.\.?\//));
  });
});

// a service worker only runs where it is newer than every panel this rule is for
modules.filter((path) => !path.startsWith("resident/") && !path.endsWith("sw.js")).forEach((path) => {
  test(`${path} keeps to what panels of 2018 understand`, () => {
    const code = read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    assert.doesNotMatch(code, /\?\.[\w[(]|\?\?|\{\s*\.\.\.|, \.\.\.\w+ \}|\.flat\(|\.flatMap\(|\.matchAll\(|\.replaceAll\(|Object\.fromEntries|\.at\(|catch \{|for await|\.finally\(|#\w+\(/);
  });
});

["signage/index.html", "resident/index.html", "resident/situation.html"].forEach((path) => {
  test(`${path} has no inline script or style`, () => {
    assert.doesNotMatch(read(path), /\sstyle=|<style|\son\w+=|<script(?![^>]*\bsrc=)/);
  });
});

test("level.css has the contract's colours", () => {
  const css = read("shared/level.css");
  Object.values(LEVELS).forEach(({ level, ground, ink }) => {
    assert.ok(css.includes(`--level-${level}-ground: ${ground}; --level-${level}-ink: ${ink};`));
  });
});

test("the typeface is the one that was vendored", () => {
  const sums = read("vendor/fonts/SHA256SUMS").trim().split("\n").map((line) => line.split("  "));
  sums.forEach(([sum, name]) => {
    assert.equal(createHash("sha256").update(readFileSync(new URL(`vendor/fonts/${name}`, WEB))).digest("hex"), sum, name);
  });
  assert.equal(sums.filter(([, name]) => name.endsWith(".woff2")).length, list("vendor/fonts/", ".woff2").length);
});

test("what a sign says without a line is fetched while it has one", () => {
  const words = allWords();
  Array.from("通信が切れています13:41以降は未確認です。テレビ・ラジオで確認してください避難指示緊急安全確保").forEach((one) => assert.ok(words.includes(one), one));
});

test("the smallest type is 1/28 of the screen's height", () => {
  assert.equal(screenOf(1920, 1080).smallest, 39);
  assert.equal(screenOf(1080, 1920).smallest, 69);
});
