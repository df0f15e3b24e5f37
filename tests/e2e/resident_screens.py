"""Pictures of every state of the resident's page on a phone, from the real gateway, for people to look at.

python -m tests.e2e.resident_screens [NAME…]     writes var/screens/resident-<name>.png; without names, all
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from playwright.async_api import Browser, Page

from schemas.alert import Alert
from schemas.area import AreaTable
from services.phones.api.server import Phones
from services.runtime import cities
from tests.conftest import ROOT, launched
from tests.e2e.gateway import Gateway, now, order, report, warning
from tests.e2e.proxy import Proxy
from tests.e2e.resident_page import LIVE, ResidentPage
from tests.e2e.screens import FLAGS
from tests.factories import ZUSHI

FOLDER = ROOT / "var" / "screens"
PHONE = (390, 844)

SOIL = report("jma:VPWW56:140000", warning("レベル４土砂災害危険警報", "landslide", level=4))
SURGE = report("jma:VPWW57:140000", warning("レベル２高潮注意報", "storm_surge", level=2))
THUNDER = report("jma:VPWW61:140000", warning("雷注意報", "thunder", rank=2))
ORDER = order(4, "避難指示", "小田原市")
ZUSHI_RAIN = report("jma:VPWW55:140000", warning("レベル３大雨警報", "heavy_rain", level=3, areas=((ZUSHI, "逗子市"),)))

Act = Callable[[ResidentPage, Gateway, Proxy], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is published before, and what happens on the page."""

    alerts: Sequence[Alert] = ()
    act: Act | None = None
    demo: bool = True
    size: tuple[int, int] = PHONE
    whole: bool = False
    zoom: int = 100
    lang: str = "ja"


async def _home(page: ResidentPage, _: Gateway, __: Proxy) -> None:
    await page.follow("小田原", "自宅")


async def _three(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _home(page, gateway, line)
    await page.follow("平塚", "職場")
    await page.follow("逗子", "実家")
    await page.page.locator("#chip-0").click()


async def _refuge(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _three(page, gateway, line)
    await page.tab("備え")
    await page.page.locator("#refuge-0").fill("早川小学校 3階")
    await page.page.locator("#refuge-0").blur()
    await page.tab("いま")


async def _night(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    """An evening that the page has seen: an advisory, a warning, the order."""
    await _three(page, gateway, line)
    rain = "jma:VPWW55:140000"
    await gateway.publish(report(rain, warning("レベル２大雨注意報", "heavy_rain", level=2), after_s=-14_000))
    await page.shows("大雨注意報")
    await gateway.publish(
        report(rain, warning("レベル３大雨警報", "heavy_rain", level=3), after_s=-7_000),
        order(3, "高齢者等避難", "小田原市"),
    )
    await page.shows("高齢者等避難")
    await gateway.publish(
        order(4, "避難指示", "小田原市"),
        SURGE,
        report(rain, warning("大雨警報", "heavy_rain", released=True), after_s=-60),
    )
    await page.shows("避難指示")


async def _dead(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _three(page, gateway, line)
    await line.cut()
    await page.page.wait_for_selector('[data-line="lost"]', state="attached")


async def _lapse(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _home(page, gateway, line)
    await gateway.lease("jma.extra", now() - timedelta(minutes=3))
    await page.page.wait_for_selector(".alert.lapsed")


async def _settings(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _three(page, gateway, line)
    await page.tab("設定")
    await page.page.wait_for_selector("#registration:not(:empty)")
    await page.page.locator("#quiet").check()
    await page.page.locator("#least-0").click()


async def _tested(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _settings(page, gateway, line)
    await page.page.locator("#test").click()
    await page.page.wait_for_timeout(4000)


async def _prepare(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _home(page, gateway, line)
    await page.tab("備え")


async def _choosing(page: ResidentPage, _: Gateway, __: Proxy) -> None:
    await page.page.locator("#by-name").click()
    await page.page.locator("#search").fill("か")
    await page.page.wait_for_timeout(600)


async def _role(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _choosing(page, gateway, line)
    await page.page.locator("dialog .result").first.click()


async def _erase(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _home(page, gateway, line)
    await page.tab("設定")
    await page.page.locator("#erase").click()


async def _erased(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _erase(page, gateway, line)
    await page.page.locator("#erase-yes").click()
    await page.page.wait_for_timeout(500)


async def _english(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _night(page, gateway, line)
    await page.speak("English")


async def _easy(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _night(page, gateway, line)
    await page.speak("やさしい日本語")


async def _settings_in(page: ResidentPage, gateway: Gateway, line: Proxy, language: str) -> None:
    await _settings(page, gateway, line)
    await page.page.get_by_role("button", name=language).click()


async def _shared(page: ResidentPage, gateway: Gateway, line: Proxy) -> None:
    await _refuge(page, gateway, line)
    await page.page.get_by_role("button", name="家族に知らせる").click()


DRILL = report("jma:VPWW56:140000", *SOIL.info, drill="run-1")
PICTURES = {
    "first": Picture(),
    "first-live": Picture(demo=False),
    "first-en": Picture(lang="en"),
    "choosing": Picture(act=_choosing),
    "role": Picture(act=_role),
    "quiet": Picture(act=_three),
    "l4": Picture(act=_night),
    "l4-refuge": Picture(alerts=[ORDER, SURGE, ZUSHI_RAIN], act=_refuge),
    "official-4": Picture(alerts=[SOIL, THUNDER], act=_home),
    "shared": Picture(alerts=[ORDER], act=_shared),
    "drill": Picture(alerts=[DRILL, THUNDER], act=_home),
    "lost": Picture(alerts=[SOIL], act=_dead),
    "lost-quiet": Picture(act=_dead),
    "lapsed": Picture(alerts=[SOIL], act=_lapse),
    "settings": Picture(act=_settings, whole=True),
    "settings-tested": Picture(act=_tested, whole=True),
    "settings-en": Picture(act=lambda p, g, x: _settings_in(p, g, x, "English"), whole=True),
    "settings-easy": Picture(act=lambda p, g, x: _settings_in(p, g, x, "やさしい日本語"), whole=True),
    "prepare": Picture(act=_prepare, whole=True),
    "erase": Picture(act=_erase, whole=True),
    "erased": Picture(act=_erased),
    "en": Picture(act=_english),
    "easy": Picture(act=_easy),
    "l4-zoom": Picture(act=_night, size=(195, 422)),
    "settings-zoom": Picture(act=_settings, whole=True, size=(195, 422)),
    "l4-large": Picture(act=_night, zoom=200),
    "desk": Picture(act=_night, size=(1280, 800)),
}


async def take(browser: Browser, areas: AreaTable, name: str, picture: Picture) -> None:
    """One state."""
    with Phones() as phones:
        gateway = Gateway(areas, demo=picture.demo, phones=phones.base_url if picture.demo else "")
        await gateway.start()
        await gateway.begin()
        await gateway.publish(*picture.alerts)
        line = Proxy(gateway.port)
        await line.open()
        width, height = picture.size
        context = await browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=2, locale=picture.lang, has_touch=True
        )
        try:
            await _photograph(await context.new_page(), gateway, line, picture, name)
        finally:
            await context.close()
            await line.close()
            await gateway.stop()


async def _photograph(page: Page, gateway: Gateway, line: Proxy, picture: Picture, name: str) -> None:
    resident = ResidentPage(page, [])
    await page.goto(
        f"http://127.0.0.1:{line.port}/?lang={picture.lang}"
        if picture.lang != "ja"
        else f"http://127.0.0.1:{line.port}/"
    )
    await page.wait_for_selector(LIVE, state="attached")
    if picture.zoom != 100:
        await page.evaluate(f"document.documentElement.style.fontSize = '{picture.zoom}%'")
    if picture.act:
        await picture.act(resident, gateway, line)
    await page.wait_for_timeout(700)
    path = FOLDER / f"resident-{name}.png"
    await page.screenshot(path=path, full_page=picture.whole)
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    sys.stdout.flush()


async def main(names: Sequence[str]) -> None:
    """Take the pictures named, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    areas = cities.load_table(cities.deploy_dir())
    async with launched(*FLAGS) as browser:
        for name in names or PICTURES:
            await take(browser, areas, name, PICTURES[name])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
