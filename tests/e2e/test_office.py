"""The office in a real browser, with JavaScript and without: two officers, one order, and a sign that shows it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.async_api import Browser, BrowserContext, Error, Page, ViewportSize, expect

from schemas.alert import Info
from schemas.area import AreaTable
from services.dispatcher import app as dispatcher
from services.eventlog.port import Message
from services.gateway import officers
from services.gateway.store.passwords import Passwords
from services.runtime import cities, records
from services.runtime.clock import SystemClock
from tests.e2e.gateway import Gateway, report, warning
from tests.e2e.proxy import Proxy
from tests.e2e.sign_page import SignPage

pytestmark = pytest.mark.browser

SOON_MS = 5_000
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CONSOLE: ViewportSize = {"width": 1280, "height": 800}


@dataclass
class Desk:
    """One officer at the console; what the page itself does wrong is kept in `faults`."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)

    def note(self, error: Error) -> None:
        self.faults.append(str(error))

    async def see(self, path: str) -> None:
        await self.page.goto(self.base + path)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def follow(self, name: str) -> None:
        await self.page.get_by_role("link", name=name, exact=True).first.click()

    async def choose(self, level: str) -> None:
        await self.page.get_by_role("radio", name=re.compile(level)).check()

    async def reads(self, text: str) -> None:
        await expect(self.page.locator("body")).to_contain_text(text, timeout=SOON_MS)

    async def reads_no(self, text: str) -> None:
        await expect(self.page.locator("body")).not_to_contain_text(text, timeout=SOON_MS)


@pytest.fixture
async def city(gateway: Gateway, areas: AreaTable) -> AsyncIterator[Gateway]:
    """The gateway with its office, and the dispatcher beside it."""
    watch = cities.load_city(cities.deploy_dir(), "odawara", areas).watch
    running = asyncio.create_task(dispatcher.build(gateway.log, SystemClock(), watch).run())
    yield gateway
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
async def desks(request: pytest.FixtureRequest, city: Gateway, browser: Browser) -> AsyncIterator[tuple[Desk, Desk]]:
    """Both demo officers, logged in."""
    made: list[Desk] = []
    contexts: list[BrowserContext] = []
    for one in await officers.demo(city.log, SystemClock(), Passwords(hasher=CHEAP)):
        contexts.append(await browser.new_context(viewport=CONSOLE, java_script_enabled=request.param, locale="ja-JP"))
        desk = Desk(await contexts[-1].new_page(), f"http://127.0.0.1:{city.port}")
        desk.page.on("pageerror", desk.note)
        await desk.see("/office")
        await desk.page.get_by_label("職員番号").fill(one.officer)
        await desk.page.get_by_label("パスワード").fill(one.password)
        await desk.press("ログイン")
        await desk.reads("発表中")
        made.append(desk)
    yield made[0], made[1]
    assert [desk.faults for desk in made] == [[], []]
    for context in contexts:
        await context.close()


async def drafted(desk: Desk, *, level: str = "避難指示") -> None:
    """Fill in the form as one does: level, cause, words, districts; and submit it."""
    await desk.see("/office/drafts/new")
    await desk.choose(level)
    await desk.page.get_by_label("災害の種類").select_option(label="土砂災害")
    await desk.press("文例を入れる")
    await desk.page.get_by_label(re.compile("^地区")).fill("早川・風祭")
    await desk.press("保存して承認を求める")
    await desk.reads("承認を求めました")


async def situation(base: str) -> list[str]:
    """What the public API says is in force."""
    async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
        return [alert["event"] for alert in (await client.get("/v1/situation")).json()["alerts"]]


@pytest.mark.timeout(180)
async def test_a_drafts_b_approves_the_sign_shows_it_and_the_end_takes_it_away(
    desks: tuple[Desk, Desk], city: Gateway, window: BrowserContext
) -> None:
    a, b = desks
    sign = await SignPage.open(window, city.port)
    await sign.until("s.scene === 'everyday'")

    await drafted(a)
    incident = a.page.url.partition("?")[0].removeprefix(a.base)
    await a.see(f"{incident}/approve")
    await a.reads("あなたは承認できません")
    await expect(a.page.get_by_role("button", name=re.compile("承認して"))).to_have_count(0)
    assert await situation(a.base) == []

    await b.see("/office")
    await b.page.locator("main a", has_text="承認待ち").first.click()
    await b.reads("本番です。")
    await b.page.get_by_label(re.compile("すべて読みました")).check()
    await b.press("承認して、発令する")
    await b.reads("発令中")

    seen = await sign.until("s.name === '避難指示'")
    assert (seen["mark"], seen["level"]) == ("警戒レベル4", "4")
    assert seen["source"].startswith("小田原市")
    assert await situation(a.base) == ["避難指示"]
    await a.see("/office")
    await a.reads("早川・風祭")

    await a.see(incident)
    await a.follow("解除する")
    await a.press("保存して承認を求める")
    await b.see(f"{incident}/approve")
    await b.page.get_by_label(re.compile("すべて読みました")).check()
    await b.press("承認して、解除を送る")
    await b.reads("終わりました")
    await sign.until("s.scene === 'everyday'")
    assert await situation(a.base) == []
    assert sign.faults == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("desks", [True], indirect=True, ids=["with JavaScript"])
async def test_a_sign_that_was_cut_off_meanwhile_shows_nothing_of_what_is_over(
    desks: tuple[Desk, Desk], window: BrowserContext, line: Proxy
) -> None:
    a, b = desks
    sign = await SignPage.open(window, line.port)
    await drafted(a)
    incident = a.page.url.partition("?")[0].removeprefix(a.base)
    await b.see(f"{incident}/approve")
    await b.page.get_by_label(re.compile("すべて読みました")).check()
    await b.press("承認して、発令する")
    await sign.until("s.name === '避難指示'")

    await line.cut()
    await a.see(f"{incident}/withdraw")
    await a.page.get_by_label(re.compile("と入力")).fill("誤報取消")
    await a.press("誤りとして取り消す")
    await a.reads("誤りとして取り消しました")
    await line.mend()
    await sign.until("s.scene === 'everyday'")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("desks", [True], indirect=True, ids=["with JavaScript"])
async def test_the_situation_page_keeps_itself_fresh_and_the_form_shows_what_people_would_see(
    desks: tuple[Desk, Desk], city: Gateway
) -> None:
    a, b = desks
    await city.log.append("alerts.emergency", [_message(warning("レベル４土砂災害危険警報", "landslide", level=4))])
    await b.reads("レベル４土砂災害危険警報")
    await b.reads("発令案")

    await b.follow("下書きを開く")
    await expect(b.page.locator("#preview .sign-name")).to_have_text("避難指示")
    await b.page.get_by_label(re.compile("^地区")).fill("入生田")
    await expect(b.page.locator("#preview .sign-place")).to_have_text("小田原市 入生田")
    await b.choose("緊急安全確保")
    await expect(b.page.locator("#preview .sign-name")).to_have_text("緊急安全確保")
    await expect(b.page.locator("#message_ja")).to_have_value(re.compile("命の危険"))
    await b.page.locator("#message_ja").fill("山側の方は、いますぐ2階へ。")
    await b.choose("避難指示")
    await expect(b.page.locator("#preview .sign-name")).to_have_text("避難指示")
    await expect(b.page.locator("#message_ja")).to_have_value("山側の方は、いますぐ2階へ。")
    assert a.faults == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("desks", [True], indirect=True, ids=["with JavaScript"])
async def test_a_console_that_loses_its_line_says_that_it_is_old(desks: tuple[Desk, Desk]) -> None:
    a, _ = desks
    await a.page.clock.install()
    await a.see("/office")
    await a.page.context.set_offline(True)
    await a.page.clock.run_for(30_000)
    await a.reads("から更新できていません")
    await a.page.context.set_offline(False)
    await a.page.clock.run_for(10_000)
    await a.reads_no("から更新できていません")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("desks", [True], indirect=True, ids=["with JavaScript"])
async def test_the_form_works_by_keyboard_alone_and_at_twice_the_size(desks: tuple[Desk, Desk]) -> None:
    a, _ = desks
    await a.see("/office/drafts/new?level=4&cause=landslide")
    await a.page.get_by_label(re.compile("^地区")).focus()
    await a.page.keyboard.type("曽我")
    for _ in range(12):
        await a.page.keyboard.press("Tab")
        if await a.page.evaluate("document.activeElement.textContent") == "保存して承認を求める":
            break
    await a.page.keyboard.press("Enter")
    await a.reads("承認を求めました")
    await a.page.set_viewport_size({"width": 640, "height": 400})
    for path in ("/office", "/office/drafts", "/office/drills/new", "/office/record"):
        await a.see(path)
        assert await a.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def _message(info: Info) -> Message:
    """What ingest appends for a warning."""
    alert = report("jma:VPWW56:140000", info)
    id_ = f"alert:{alert.identifier}"
    return records.message(alert, key=alert.streams[0], id=id_, source="ingest", at=alert.sent)
