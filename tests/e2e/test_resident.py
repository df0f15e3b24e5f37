"""The resident's page on a phone, on the real gateway: places, the situation, notifications, and the end of it all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from schemas.area import AreaTable
from schemas.notification import Answer, Question
from schemas.subscription import Subscription
from schemas.text import Text
from schemas.topics import TOPICS
from services.eventlog.port import EventLog, Record
from services.phones.api.server import Phones
from services.runtime import records
from tests.e2e.gateway import Gateway, now, order, report, warning
from tests.e2e.proxy import Proxy
from tests.e2e.resident_page import LIVE, ResidentPage
from tests.factories import ZUSHI

pytestmark = pytest.mark.browser

RAIN = "jma:VPWW55:140000"
SOIL = "jma:VPWW56:140000"
SOIL_4 = warning("レベル４土砂災害危険警報", "landslide", level=4)
RAIN_2 = warning("レベル２大雨注意報", "heavy_rain", level=2)
RAIN_OVER = warning("レベル２大雨注意報", "heavy_rain", released=True)
SOON_S = 10.0


@pytest.fixture
async def gateway(areas: AreaTable) -> AsyncIterator[Gateway]:
    """A demo's gateway with its phones."""
    with Phones() as phones:
        made = Gateway(areas, demo=True, phones=phones.base_url)
        await made.start()
        await made.begin()
        yield made
        await made.stop()


@asynccontextmanager
async def a_phone(browser: Browser, **more: Any) -> AsyncIterator[BrowserContext]:
    """A telephone of its own, far from Japan."""
    given: dict[str, Any] = {
        "viewport": {"width": 390, "height": 844},
        "locale": "ja-JP",
        "timezone_id": "America/New_York",
        "has_touch": True,
    }
    context = await browser.new_context(**(given | more))
    try:
        yield context
    finally:
        await context.close()


@pytest.fixture
async def phone(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A telephone."""
    async with a_phone(browser) as context:
        yield context


@pytest.fixture
async def page(phone: BrowserContext, line: Proxy) -> AsyncIterator[ResidentPage]:
    """The page; whatever it does wrong by itself fails the test."""
    made = await ResidentPage.open(phone, line.port)
    yield made
    assert made.faults == []


async def register(log: EventLog) -> list[Record]:
    """What stands in the register, tombstones too."""
    partitions = range(TOPICS["subscriptions"].partitions)
    return [record for partition in partitions for record in await log.read("subscriptions", partition)]


async def registered(gateway: Gateway, wanted: Any) -> Subscription:
    """The one device of the register, once it is as wanted."""
    async with asyncio.timeout(SOON_S):
        while True:
            found = [records.payload(record) for record in await register(gateway.log)]
            if len(found) == 1 and isinstance(found[0], Subscription) and wanted(found[0]):
                return found[0]
            await asyncio.sleep(0.05)


# --- places ---


async def test_before_any_place_is_chosen_the_city_is_there(gateway: Gateway, page: ResidentPage) -> None:
    await expect(page.page.locator("#title")).to_have_text("小田原市のいま")
    await expect(page.page.locator(".notice.sure")).to_contain_text("発表中の警報・避難情報はありません")
    await expect(page.page.locator(".welcome")).to_contain_text("名前や電話番号は要りません")
    assert await register(gateway.log) == []


async def test_a_place_is_followed_by_its_name_and_a_drill_comes_and_goes_there(
    gateway: Gateway, page: ResidentPage
) -> None:
    await page.follow("おだわら", "自宅", "小田原市")
    await gateway.publish(report(SOIL, SOIL_4, drill="run-1"))

    drills = page.page.locator("#drills")
    await expect(drills).to_contain_text("これは訓練です")
    await expect(drills.locator(".alert .drill-mark")).to_have_text("訓練")
    await expect(page.page.locator("#real .alert")).to_have_count(0)
    await expect(page.page.locator(".flow li").first).to_contain_text("訓練")
    assert (await page.page.title()).startswith("【訓練】")

    await gateway.close_drill(f"{SOIL}~run-1")
    await expect(drills).to_be_hidden()
    await expect(page.page.locator(".flow li").first).to_contain_text("解除")


async def test_an_order_says_what_to_do_where_since_when_and_who_says_so(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await gateway.publish(
        order(4, "避難指示", "小田原市"), report("jma:VPWW61:140000", warning("雷注意報", "thunder", rank=2))
    )

    first = page.page.locator("#real .alert").first
    await expect(first.locator(".name")).to_have_text("避難指示")
    await expect(first).to_contain_text("警戒レベル 4")
    await expect(first).to_contain_text("危険な場所から 全員避難")
    await expect(first).to_contain_text("みんな にげて ください")
    await expect(first).to_contain_text("発令")
    await expect(page.page).to_have_title("避難指示 小田原市 半鐘")
    row = page.page.locator("#real details")
    await expect(row.locator("summary")).to_contain_text("雷注意報")
    await row.locator("summary").click()
    await expect(row.locator(".action")).to_be_visible()
    # what was opened stays open while the page goes on looking
    await gateway.lease("jma.extra", now() + timedelta(hours=3))
    await page.page.wait_for_timeout(700)
    await expect(row.locator(".action")).to_be_visible()


async def test_another_places_danger_shows_on_its_chip(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await page.follow("逗子", "実家")
    await page.page.locator("#chip-0").click()
    await gateway.publish(
        report(SOIL, warning("レベル４土砂災害危険警報", "landslide", level=4, areas=((ZUSHI, "逗子市"),)))
    )

    await expect(page.page.locator("#chip-1 [data-level='4']")).to_be_visible()
    await expect(page.page.locator(".notice.sure")).to_contain_text("小田原市")
    await page.page.locator("#chip-1").click()
    await page.shows("土砂災害危険警報")
    await expect(page.page.locator("#title")).to_have_text("逗子市のいま")


async def test_what_happened_so_far_survives_a_reload(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await gateway.publish(report(RAIN, RAIN_2, after_s=-600))
    await page.shows("大雨注意報")
    await gateway.publish(report(RAIN, RAIN_OVER))
    said = ["大雨注意報（レベル2） 解除", "大雨注意報（レベル2）"]
    await expect(page.page.locator(".flow .what")).to_have_text(said)

    await page.page.reload()
    await expect(page.page.locator(".flow .what")).to_have_text(said)


# --- without a line ---


async def test_a_dead_line_is_said_and_never_reads_as_nothing(line: Proxy, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await expect(page.page.locator(".notice.sure")).to_be_visible()
    await line.cut()
    await expect(page.page.locator(".notice.lost")).to_contain_text("通信が切れています")
    await expect(page.page.locator(".notice.lost")).to_contain_text("以降は未確認です")
    await expect(page.page.locator("#said")).to_have_text("通信が切れています")
    await expect(page.page.locator("main")).not_to_contain_text("ありません。")
    await expect(page.page.locator(".notice.sure")).to_have_count(0)


async def test_the_page_starts_without_a_line_and_shows_what_is_unexpired_with_its_age(
    gateway: Gateway, line: Proxy, page: ResidentPage
) -> None:
    await page.follow("小田原", "自宅")
    await gateway.publish(report(SOIL, SOIL_4))
    await page.shows("土砂災害危険警報")
    await page.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.page.wait_for_function("caches.has('hansho-resident')")
    await line.cut()

    await page.page.reload()
    await page.shows("土砂災害危険警報")
    await expect(page.page.locator(".notice.lost")).to_contain_text("以降は未確認です")
    await expect(page.page.locator("#chips")).to_contain_text("自宅 小田原市")


async def test_a_lapse_is_no_end(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await gateway.publish(report(SOIL, SOIL_4))
    await page.shows("土砂災害危険警報")
    await gateway.lease("jma.extra", now() - timedelta(minutes=2))
    await expect(page.page.locator("#lapsed .alert")).to_contain_text("解除は確認できていません")
    await expect(page.page.locator(".notice.lost")).to_contain_text("情報が届いていません")
    await expect(page.page.locator(".flow li").filter(has_text="以降 未確認")).to_have_count(1)


# --- the register ---


async def test_the_register_gets_areas_ranks_and_language_and_nothing_of_the_person(
    gateway: Gateway, page: ResidentPage
) -> None:
    await page.follow("小田原", "自宅")
    await page.follow("逗子", "実家")
    device = await registered(gateway, lambda one: len(one.places) == 2 and one.address is not None)

    assert [(place.area.code, place.min_rank) for place in device.places] == [("1420600", 3), ("1420800", 3)]
    assert device.address == f"demo:{device.device}"
    assert (device.language, device.quiet, device.permission) == ("ja", None, "granted")
    await page.tab("設定")
    await page.page.get_by_role("button", name="登録されている内容を見る").click()
    await expect(page.page.locator("#registered")).to_contain_text(device.device)
    [record] = await register(gateway.log)
    assert record.value is not None
    text = record.value.decode()
    assert "自宅" not in text
    assert "home" not in text


async def test_wishes_reach_the_register_and_survive_a_reload(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await page.tab("設定")
    await page.page.locator("#least-0").click()
    await page.page.locator("#least-0-4").check()
    await page.page.locator("#quiet").check()
    await page.page.locator("#quiet-start").fill("21:30")
    await page.page.get_by_role("button", name="やさしい日本語").click()
    device = await registered(
        gateway, lambda one: one.language == "easy" and one.quiet is not None and one.quiet.start.minute == 30
    )
    assert (device.places[0].min_rank, f"{device.quiet and device.quiet.end:%H:%M}") == (4, "07:00")
    await expect(page.page.locator("#registration")).to_contain_text("ほぞん しました")

    await page.page.reload()
    await expect(page.page.locator("#least-0")).to_contain_text("にげる しらせから")
    await expect(page.page.locator("#quiet")).to_be_checked()
    await expect(page.page.locator("#quiet-start")).to_have_value("21:30")


async def test_a_test_reaches_this_phone(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    device = await registered(gateway, lambda one: one.address is not None)
    await page.tab("設定")
    await page.page.locator("#test").click()
    await expect(page.page.locator("#tested")).to_contain_text("デモの電話に届いています", timeout=15_000)
    inbox = await page.page.request.get(f"{gateway.phones}/v1/received")
    [message] = await inbox.json()
    assert (message["address"], message["title"]) == (f"demo:{device.device}", "テスト通知")
    await expect(page.page.get_by_role("link", name="デモの電話を見る")).to_have_attribute("href", gateway.phones)


async def test_wishes_made_without_a_line_are_registered_when_it_is_back(
    gateway: Gateway, line: Proxy, page: ResidentPage
) -> None:
    await page.follow("小田原", "自宅")
    await registered(gateway, lambda one: one.address is not None)
    await line.cut()
    await page.page.locator(".notice.lost").wait_for()
    await page.speak("English")
    await page.tab("Settings")
    await expect(page.page.locator("#registration")).to_contain_text("Not registered yet")
    await line.mend()
    await registered(gateway, lambda one: one.language == "en")
    await expect(page.page.locator("#registration")).to_contain_text("Saved")


async def test_why_a_notification_came_is_said(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await registered(gateway, lambda one: one.address is not None)
    await gateway.publish(report(SOIL, SOIL_4))
    await page.shows("土砂災害危険警報")

    why = Text(ja="この端末に知らせると決めました。", easy="しらせると きめました。", en="It was decided to tell you.")
    async with answering(gateway.log, why, "判断：この端末に知らせると決めた。"):
        await page.page.get_by_role("button", name="この通知が届いた理由").click()
        reason = page.page.locator("#reason")
        await expect(reason).to_contain_text("自宅 小田原市：警報から")
        await expect(reason).to_contain_text("この端末に知らせると決めました")
        await reason.get_by_text("くわしい記録").click()
        await expect(reason).to_contain_text("判断：この端末に知らせると決めた。")


@asynccontextmanager
async def answering(log: EventLog, reason: Text, line: str) -> AsyncIterator[None]:
    """A shard that answers every question so."""

    async def answer() -> None:
        after = await log.head("questions", 0)
        while True:
            await log.wait({("questions", 0): after})
            for record in await log.read("questions", 0, after=after):
                after = record.offset
                question = records.payload(record)
                assert isinstance(question, Question)
                said = Answer(question=question.id, shard=0, lines=(line,), reasons=(reason,))
                made = records.message(said, key=question.id, id=f"a:{question.id}", source="x", at=now())
                await log.append("answers", [made])

    task = asyncio.create_task(answer())
    try:
        yield
    finally:
        task.cancel()


async def test_everything_is_deleted_here_and_in_the_register(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await page.tab("備え")
    await page.page.locator("#refuge-0").fill("早川小学校")
    await registered(gateway, lambda one: one.address is not None)
    await page.tab("設定")
    await page.page.locator("#erase").click()
    await page.page.locator("#erase-yes").click()

    await expect(page.page.locator(".welcome")).to_contain_text("すべて消しました")
    async with asyncio.timeout(SOON_S):
        while [record.value for record in await register(gateway.log)] != [None]:
            await asyncio.sleep(0.05)
    kept = json.dumps(await page.page.evaluate("Object.entries(localStorage)"), ensure_ascii=False)
    assert "早川" not in kept
    assert "hansho.device" not in kept
    assert "hansho.mine" not in kept
    await page.page.reload()
    await expect(page.page.locator(".welcome")).to_be_visible()


async def test_what_is_deleted_without_a_line_leaves_the_register_when_it_is_back(
    gateway: Gateway, line: Proxy, page: ResidentPage
) -> None:
    await page.follow("小田原", "自宅")
    await registered(gateway, lambda one: one.address is not None)
    await line.cut()
    await page.page.locator(".notice.lost").wait_for()
    await page.tab("設定")
    await page.page.locator("#erase").click()
    await page.page.locator("#erase-yes").click()
    await expect(page.page.locator(".welcome")).to_contain_text("つながりしだい")
    await line.mend()
    await expect(page.page.locator(".welcome")).to_contain_text("すべて消しました", timeout=30_000)
    assert [record.value for record in await register(gateway.log)] == [None]


# --- a demo, and the real thing ---


async def test_a_demo_bears_its_frame_whatever_is_shown(page: ResidentPage) -> None:
    for tab in ("いま", "備え", "設定"):
        await page.tab(tab)
        await expect(page.page.locator("#demo")).to_contain_text("デモ")
        frame = await page.page.evaluate("getComputedStyle(document.body, '::after').position")
        assert frame == "fixed"


async def test_outside_the_demo_the_page_registers_nothing_and_says_who_notifies(
    browser: Browser, areas: AreaTable
) -> None:
    gateway = Gateway(areas)
    await gateway.start()
    await gateway.begin()
    async with a_phone(browser) as phone:
        page = await ResidentPage.open(phone, gateway.port)
        await page.follow("小田原", "自宅")
        await expect(page.page.locator("#demo")).to_be_hidden()
        await page.tab("設定")
        await expect(page.page.locator("#settings")).to_contain_text("市が案内するスマートフォンのアプリ")
        await expect(page.page.locator("#notify")).to_have_count(0)
        assert await register(gateway.log) == []
    await gateway.stop()


# --- for everybody ---


async def test_the_page_speaks_three_languages(gateway: Gateway, page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    await gateway.publish(report(SOIL, SOIL_4))
    await page.shows("土砂災害危険警報")
    await page.speak("English")
    await page.shows("Landslide danger warning")
    await expect(page.page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.page.locator("#chips")).to_contain_text("Home Odawara City")
    await page.speak("やさしい日本語")
    await page.shows("がけくずれの きけんけいほう")


async def test_a_browser_abroad_is_spoken_to_in_english(gateway: Gateway, browser: Browser) -> None:
    async with a_phone(browser, locale="pt-BR") as phone:
        page = await ResidentPage.open(phone, gateway.port)
        await expect(page.page.locator(".welcome")).to_contain_text("Which place do you want to follow?")


SIZES = {"phone": (390, 844, 100), "200 % zoom": (195, 422, 100), "text twice as large": (390, 844, 200)}


@pytest.mark.parametrize(("width", "height", "text"), SIZES.values(), ids=SIZES)
async def test_nothing_is_cut_and_fingers_find_everything(
    gateway: Gateway, browser: Browser, width: int, height: int, text: int
) -> None:
    async with a_phone(browser, viewport={"width": width, "height": height}) as phone:
        page = await ResidentPage.open(phone, gateway.port)
        await page.page.evaluate(f"document.documentElement.style.fontSize = '{text}%'")
        await page.follow("小田原", "自宅")
        await gateway.publish(
            order(4, "避難指示", "小田原市"), report("jma:VPWW61:140000", warning("雷注意報", "thunder", rank=2))
        )
        await page.shows("避難指示")
        for language in ("日本語", "やさしい日本語", "English"):
            # no clicks: at this zoom the emulated screen still settles, and a click waits a second for it
            await page.page.evaluate("location.hash = 'settings'")
            await page.page.get_by_role("button", name=language, exact=True).dispatch_event("click")
            for tab in ("now", "prepare", "settings"):
                await page.page.evaluate(f"location.hash = '{tab}'")
                await expect(page.page.locator(f"#tab-{tab}[aria-current]")).to_be_attached()
                await page.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                wide = await page.page.evaluate(TOO_WIDE)
                assert wide == [], (language, tab)
                small = await page.page.evaluate(TOO_SMALL)
                assert small == [], (language, tab)


TOO_WIDE = """() => document.documentElement.scrollWidth <= window.innerWidth ? []
  : Array.from(document.querySelectorAll("main *, header *, nav *"))
    .filter((one) => one.getBoundingClientRect().right > window.innerWidth && !one.closest("#chips"))
    .map((one) => one.outerHTML.slice(0, 120))"""
TOO_SMALL = """() => Array.from(document.querySelectorAll("a, button, summary, input, label"))
  .filter((one) => !one.matches("[type=radio], [role=switch]"))
  .filter((one) => one.offsetParent !== null && !one.closest("dialog"))
  .filter((one) => one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 80))"""


async def test_the_page_is_worked_by_keys_alone(page: ResidentPage) -> None:
    await page.page.locator("#by-name").focus()
    await page.page.keyboard.press("Enter")
    await page.page.keyboard.type("odawara")
    await expect(page.page.locator("dialog .result")).to_have_count(1)
    await page.page.keyboard.press("Tab")
    await page.page.keyboard.press("Enter")
    await expect(page.page.locator("#role-home")).to_be_focused()
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("Tab")
    await page.page.keyboard.press("Tab")
    await page.page.keyboard.press("Enter")
    await expect(page.page.locator("#chips")).to_contain_text("職場 小田原市")


async def test_every_control_has_a_name(page: ResidentPage) -> None:
    await page.follow("小田原", "自宅")
    for tab in ("now", "prepare", "settings"):
        await page.page.locator(f"#tab-{tab}").click()
        nameless = await page.page.evaluate(
            """() => Array.from(document.querySelectorAll("button, a, input, summary"))
              .filter((one) => one.offsetParent !== null)
              .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
              .map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert nameless == [], tab
    assert await page.page.locator(f"html{LIVE}").count() == 1
