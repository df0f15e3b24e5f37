"""Pictures of every state of the sign and of the situation page, taken from the real gateway, for people to look at.

python -m tests.e2e.screens [NAME…]     writes var/screens/<name>-<width>x<height>.png; without names, all
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page

from schemas.alert import Alert
from schemas.area import AreaCode, AreaTable
from services.runtime import cities
from tests.conftest import ROOT, launched
from tests.e2e.gateway import TSUNAMI_BAY, Gateway, now, order, report, warning
from tests.e2e.proxy import Proxy
from tests.factories import ODAWARA

FOLDER = ROOT / "var" / "screens"
SIGN_SIZES = ((1920, 1080), (1080, 1920))
ODD_SIZES = ((1280, 1024), (1366, 768), (3840, 1080), (1080, 1080), (800, 480))
PHONE = (390, 844)
DESK = (1280, 800)
RIVER = AreaCode("flood_area", "999999000100")
FLAGS = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")

Act = Callable[[Gateway, Proxy], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is published, what then happens, and what is waited for (a CSS selector)."""

    alerts: Sequence[Alert] = ()
    then: Act | None = None
    until: str = '[data-line="live"]'
    path: str = "/sign?area=1420600&name=駅前"
    sizes: Sequence[tuple[int, int]] = SIGN_SIZES
    mute: bool = False
    """The websocket never answers."""


async def _lapse(gateway: Gateway, _: Proxy) -> None:
    await gateway.lease("jma.extra", now() - timedelta(minutes=3))


async def _cut(_: Gateway, line: Proxy) -> None:
    await line.cut()


async def _silence(gateway: Gateway, _: Proxy) -> None:
    for source in ("jma.extra", "jma.eqvol"):
        await gateway.lease(source, now() - timedelta(minutes=3))


def _rain(level: int, name: str) -> Alert:
    return report("jma:VPWW55:140000", warning(f"レベル{level}{name}", "heavy_rain", level=level))


SOIL = report("jma:VPWW56:140000", warning("レベル４土砂災害危険警報", "landslide", level=4))
STORM = report("jma:VPWW58:140000", warning("暴風警報", "wind", rank=3))
FLOOD = report(
    "jma:VXKO:999999000100",
    warning(
        "レベル３氾濫警報（発表）", "flood:999999000100", level=3, areas=((RIVER, "酒匂川"), (ODAWARA, "小田原市"))
    ),
)
BAY = ((TSUNAMI_BAY, "相模湾・三浦半島"),)
THUNDER = report("jma:VPWW61:140000", warning("雷注意報", "thunder", rank=2))
SURGE = report("jma:VPWW57:140000", warning("レベル２高潮注意報", "storm_surge", level=2))
RECORD = report("jma:VPOA50:140000", warning("記録的短時間大雨情報", "record_rain", rank=3))
CITY = (order(4, "避難指示", "小田原市"), FLOOD, STORM, SURGE, THUNDER)

PICTURES = {
    "level-5": Picture(alerts=[_rain(5, "大雨特別警報")]),
    "level-4": Picture(alerts=[SOIL]),
    "level-3": Picture(alerts=[FLOOD]),
    "level-2": Picture(alerts=[SURGE]),
    "level-1": Picture(alerts=[report("jma:VPFD61:140000", warning("早期注意情報", "heavy_rain", level=1))]),
    "office-5": Picture(alerts=[order(5, "緊急安全確保", "小田原市", why="酒匂川 氾濫")]),
    "office-4": Picture(alerts=[order(4, "避難指示", "小田原市")]),
    "office-3": Picture(alerts=[order(3, "高齢者等避難", "小田原市", why="早川 洪水")]),
    "wind": Picture(alerts=[report("jma:VPWW58:140000", warning("暴風特別警報", "wind", rank=5))]),
    "tsunami": Picture(alerts=[report("jma:VTSE41:1", warning("大津波警報", "tsunami", rank=5, areas=BAY))]),
    "record-rain": Picture(alerts=[RECORD]),
    "thunder": Picture(alerts=[THUNDER]),
    "rotation": Picture(alerts=[_rain(5, "大雨特別警報"), SOIL, STORM, FLOOD]),
    "drill": Picture(alerts=[report("jma:VPWW56:140000", *SOIL.info, drill="run-1")]),
    "everyday": Picture(),
    "silent": Picture(then=_silence, until=".bar.lapsed"),
    "lost": Picture(then=_cut, until='[data-line="lost"]'),
    "level-4-lost": Picture(alerts=[SOIL], then=_cut, until='[data-line="lost"]'),
    "lapsed": Picture(alerts=[SOIL, STORM], then=_lapse, until=".panel.lapsed"),
    "level-4-lapsed": Picture(
        alerts=[
            SOIL,
            report("jma:VTSE41:1", warning("津波注意報", "tsunami", rank=3, areas=BAY), lease="jma.eqvol"),
        ],
        then=_lapse,
        until=".bar.lapsed",
    ),
    "loading": Picture(mute=True, until='[data-scene="loading"]'),
    "fault": Picture(path="/sign?area=1310100", until='[data-scene="fault"]'),
    "odd": Picture(alerts=[SOIL, STORM], sizes=ODD_SIZES),
    "odd-everyday": Picture(sizes=ODD_SIZES),
    "situation": Picture(alerts=CITY, path="/situation?lang=ja", sizes=(PHONE, DESK)),
    "situation-easy": Picture(alerts=CITY, path="/situation?lang=easy", sizes=(PHONE,)),
    "situation-en": Picture(alerts=CITY, path="/situation?lang=en", sizes=(PHONE,)),
    "situation-empty": Picture(path="/situation?lang=ja", sizes=(PHONE,)),
    "situation-drill": Picture(
        alerts=[report("jma:VPWW56:140000", *SOIL.info, drill="run-1"), SURGE],
        path="/situation?lang=ja",
        sizes=(PHONE,),
    ),
    "situation-lost": Picture(
        alerts=[SOIL], then=_cut, until='[data-line="lost"]', path="/situation?lang=ja", sizes=(PHONE,)
    ),
    "situation-lapsed": Picture(
        alerts=[SOIL], then=_lapse, until=".alert.lapsed", path="/situation?lang=ja", sizes=(PHONE,)
    ),
}


async def take(browser: Browser, areas: AreaTable, name: str, picture: Picture) -> None:
    """One state at all its sizes."""
    for width, height in picture.sizes:
        gateway = Gateway(areas)
        await gateway.start()
        await gateway.begin()
        await gateway.publish(*picture.alerts)
        line = Proxy(gateway.port)
        await line.open()
        context = await browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=2 if (width, height) == PHONE else 1
        )
        try:
            await _photograph(await context.new_page(), gateway, line, picture, FOLDER / f"{name}-{width}x{height}.png")
        finally:
            await context.close()
            await line.close()
            await gateway.stop()


async def _photograph(page: Page, gateway: Gateway, line: Proxy, picture: Picture, path: Path) -> None:
    if picture.mute:
        await page.route_web_socket("**/v1/stream", lambda _: None)
    await page.goto(f"http://127.0.0.1:{line.port}{picture.path}")
    if picture.then is not None:
        await page.wait_for_selector('[data-line="live"]', state="attached")
        await page.evaluate("document.fonts.ready")
        await page.wait_for_timeout(500)
        await picture.then(gateway, line)
    await page.wait_for_selector(picture.until, state="attached")
    await page.evaluate("document.fonts.ready")
    await page.wait_for_timeout(500)
    await page.screenshot(path=path, full_page=picture.path.startswith("/situation"))
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
