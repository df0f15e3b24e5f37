"""The public situation page on a phone: live, in three languages, honest about what it does not know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.gateway import Gateway, now, order, report, warning
from tests.e2e.proxy import Proxy

pytestmark = pytest.mark.browser

SOIL = "jma:VPWW56:140000"
SOIL_4 = warning("レベル４土砂災害危険警報", "landslide", level=4)


@pytest.fixture
async def phone(browser: Browser, line: Proxy) -> AsyncIterator[Page]:
    """The page on a phone."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="ja-JP")
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{line.port}/situation")
    await expect(page.locator("html[data-line=live]")).to_be_attached()
    yield page
    await context.close()


async def test_nothing_in_force_says_when_that_was_checked(phone: Page) -> None:
    notice = phone.locator(".notice.sure")
    await expect(notice).to_contain_text("発表中の警報・避難情報はありません")
    await expect(notice).to_contain_text("確認")


async def test_alerts_come_and_go_by_themselves_the_worst_first(gateway: Gateway, phone: Page) -> None:
    await gateway.publish(
        report("jma:VPWW61:140000", warning("雷注意報", "thunder", rank=2)), order(4, "避難指示", "小田原市")
    )
    await expect(phone.locator(".alert .name")).to_have_text(["避難指示", "雷注意報"])
    await expect(phone.locator(".notice.sure")).to_have_count(0)
    first = phone.locator(".alert").first
    await expect(first).to_contain_text("警戒レベル 4")
    await expect(first).to_contain_text("危険な場所から 全員避難")
    await expect(first).to_contain_text("発令")

    await gateway.publish(report("jma:VPWW61:140000", warning("雷注意報", "thunder", released=True)))
    await expect(phone.locator(".alert .name")).to_have_text(["避難指示"])


async def test_the_page_speaks_three_languages(gateway: Gateway, phone: Page) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    name = phone.locator(".alert .name")
    await expect(name).to_have_text("土砂災害危険警報")
    await phone.get_by_role("button", name="やさしい日本語").click()
    await expect(name).to_have_text("がけくずれの きけんけいほう")
    await phone.get_by_role("button", name="English").click()
    await expect(name).to_have_text("Landslide danger warning")
    await expect(phone.locator("html")).to_have_attribute("lang", "en")

    await phone.reload()
    await expect(name).to_have_text("Landslide danger warning")


async def test_a_drill_stands_apart_and_is_marked(gateway: Gateway, phone: Page) -> None:
    await gateway.publish(report(SOIL, SOIL_4, drill="run-1"))
    drills = phone.locator("#drills")
    await expect(drills).to_contain_text("これは訓練です")
    await expect(drills.locator(".alert .drill-mark")).to_have_text("訓練")
    await expect(phone.locator("#real .alert")).to_have_count(0)
    await expect(phone.locator(".notice.sure")).to_be_visible()


async def test_a_lapse_is_told_with_its_time_and_is_no_end(gateway: Gateway, phone: Page) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    await gateway.lease("jma.extra", now() - timedelta(minutes=2))
    lapsed = phone.locator("#lapsed .alert")
    await expect(lapsed).to_contain_text("以降 未確認")
    await expect(lapsed).to_contain_text("解除は確認できていません")
    await expect(phone.locator(".notice.sure")).to_have_count(0)


async def test_without_a_line_the_page_says_so_and_keeps_what_is_unexpired(
    gateway: Gateway, line: Proxy, phone: Page
) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    await expect(phone.locator(".alert")).to_have_count(1)
    await line.cut()
    await expect(phone.locator(".notice.lost")).to_contain_text("通信が切れています")
    await expect(phone.locator(".alert")).to_have_count(1)


async def test_fingers_find_the_languages_and_large_text_loses_nothing(gateway: Gateway, phone: Page) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    await expect(phone.locator(".alert")).to_have_count(1)
    heights = await phone.locator("nav button").evaluate_all("(all) => all.map((one) => one.offsetHeight)")
    assert min(heights) >= 44

    await phone.evaluate("document.documentElement.style.fontSize = '200%'")
    assert await phone.evaluate("document.documentElement.scrollWidth") <= 390
