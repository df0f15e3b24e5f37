"""The office in a real browser, every service in its own process, each officer at a gateway of their own."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.e2e.sign_page import SignPage
from tests.e2e.test_office import CONSOLE, Desk, drafted
from tests.kafka.city import city, settle
from tests.kafka.test_two_of_each import PASSWORD, enrolled, one_in_each_shard, until_all

pytestmark = pytest.mark.browser

LOOKS = 30


async def at(browser: Browser, base: str, officer: str) -> Desk:
    """An officer who has logged in there."""
    context = await browser.new_context(viewport=CONSOLE, locale="ja-JP")
    desk = Desk(await context.new_page(), base)
    desk.page.on("pageerror", desk.note)
    for _ in range(LOOKS):
        await desk.see("/office")
        if await desk.page.get_by_label("職員番号").count():
            break
        await asyncio.sleep(1)  # the office is not loaded yet, and the page says so
    await desk.page.get_by_label("職員番号").fill(officer)
    await desk.page.get_by_label("パスワード").fill(PASSWORD)
    await desk.press("ログイン")
    await desk.reads("発表中")
    return desk


async def shown_to(b: Desk, a: Desk) -> None:
    """A sends B the address of their page: it carries how far B's gateway must have come to show the same."""
    await a.page.wait_for_url(re.compile(r"[?&]at=\d+"))
    await b.see(a.page.url.removeprefix(a.base))


async def test_a_drafts_here_b_approves_there_the_sign_shows_it_and_the_end_takes_it_away(
    log: str, tmp_path: Path, browser: Browser
) -> None:
    people = one_in_each_shard()[:2]
    await settle(log, people)
    await enrolled(log, ["Ishii", "Ueda"])
    running = city(log, tmp_path, each=2)
    made = await asyncio.to_thread(running.__enter__)
    try:
        here, there = made.bases["gateway-1"], made.bases["gateway-2"]
        a, b = await at(browser, here, "ishii"), await at(browser, there, "ueda")
        window = await browser.new_context(viewport={"width": 1920, "height": 1080})
        sign = await SignPage.open(window, int(there.rpartition(":")[2]))
        await sign.until("s.scene === 'everyday'")

        await drafted(a)
        incident = a.page.url.partition("?")[0].removeprefix(a.base)
        await shown_to(b, a)
        await b.see(f"{incident}/approve")
        await b.page.get_by_label(re.compile("すべて読みました")).check()
        await b.press("承認して、発令する")
        await b.reads("発令中")
        seen = await sign.until("s.name === '避難指示'")
        assert (seen["mark"], seen["level"]) == ("警戒レベル4", "4")
        alert = f"office:{incident.rpartition('/')[2]}:000001"
        await asyncio.to_thread(until_all, made, alert, len(people), 30)

        await a.see(incident)
        await a.follow("解除する")
        await a.press("保存して承認を求める")
        await shown_to(b, a)
        await b.see(f"{incident}/approve")
        await b.page.get_by_label(re.compile("すべて読みました")).check()
        await b.press("承認して、解除を送る")
        await b.reads("終わりました")
        await sign.until("s.scene === 'everyday'")
        assert (a.faults, b.faults, sign.faults) == ([], [], [])
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
