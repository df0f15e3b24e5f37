"""The pages need nothing from elsewhere, run no inline script and never put text into the page as markup."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import text, tracked

WEB = ("services/gateway/web/", "services/phones/web/")
MARKUP_FROM_TEXT = re.compile(
    r"\.(?:innerHTML|outerHTML)\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|createContextualFragment"
)
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<style\b|\son[a-z]+=|\sstyle=|javascript:", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"(?:src|href|from|url|import|fetch|WebSocket)\s*[=(]?\s*[(\"'`]+\s*(?:https?:|wss?:)?//", re.IGNORECASE
)


def own(suffix: str) -> list[str]:
    return [path for path in tracked(suffix, WEB) if "/vendor/" not in path]


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MARKUP_FROM_TEXT, "box.innerHTML = alert.headline;"),
        (INLINE, "<script>run()</script>"),
        (INLINE, '<button onclick="run()">'),
        (ELSEWHERE, '<link href="//fonts.example/a.css">'),
        (ELSEWHERE, 'import { a } from "https://example.jp/a.js";'),
        (ELSEWHERE, "background: url('https://example.jp/a.png')"),
    ],
)
def test_the_rules_see_what_they_forbid(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def test_the_rules_let_own_files_and_namespaces_pass() -> None:
    own_lines = '<script type="module" src="sign.js"></script> <svg xmlns="http://www.w3.org/2000/svg"> url("a.woff2")'
    assert not INLINE.search(own_lines)
    assert not ELSEWHERE.search(own_lines)


def test_text_never_becomes_markup() -> None:
    assert [path for path in own(".js") if MARKUP_FROM_TEXT.search(text(path))] == []


def test_the_pages_hold_no_inline_script_or_style() -> None:
    assert [path for path in own(".html") if INLINE.search(text(path))] == []


@pytest.mark.parametrize("suffix", [".html", ".js", ".css"])
def test_the_pages_ask_nobody_else(suffix: str) -> None:
    assert [path for path in own(suffix) if ELSEWHERE.search(text(path))] == []
