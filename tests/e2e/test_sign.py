"""The sign in a real browser on the real gateway: what people see, with the line and without it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import BrowserContext

from tests.e2e.gateway import TSUNAMI_BAY, Gateway, now, order, report, warning
from tests.e2e.proxy import Proxy
from tests.e2e.sign_page import SignPage
from tests.factories import ZUSHI

pytestmark = pytest.mark.browser

RAIN = "jma:VPWW55:140000"
SOIL = "jma:VPWW56:140000"
WIND = "jma:VPWW58:140000"
RAIN_2 = warning("レベル２大雨注意報", "heavy_rain", level=2)
RAIN_5 = warning("レベル５大雨特別警報", "heavy_rain", level=5)
RAIN_OVER = warning("レベル２大雨注意報", "heavy_rain", released=True)
SOIL_4 = warning("レベル４土砂災害危険警報", "landslide", level=4)
STORM = warning("暴風警報", "wind", rank=3)


async def test_an_ordinary_day_says_when_it_was_checked(gateway: Gateway, window: BrowserContext) -> None:
    sign = await SignPage.open(window, gateway.port)

    seen = await sign.until("s.line === 'live' && s.scene === 'everyday'")

    [bar] = seen["bars"]
    assert "小田原市に発表中の警報・避難情報はありません" in bar
    assert bar.endswith("確認")
    assert "市からのお知らせ" in seen["page"]
    assert sign.faults == []


async def test_a_warning_rises_through_the_levels_and_ends(gateway: Gateway, window: BrowserContext) -> None:
    sign = await SignPage.open(window, gateway.port)
    await sign.until("s.line === 'live'")
    names = {2: "大雨注意報", 3: "大雨警報", 4: "大雨危険警報", 5: "大雨特別警報"}

    for level, name in names.items():
        await gateway.publish(report(RAIN, warning(f"レベル{level}{name}", "heavy_rain", level=level)))
        seen = await sign.until(f"s.level === '{level}' && s.name === '{name}'")
        assert seen["mark"] == f"警戒レベル{level}{'相当' if level > 2 else ''}"
        assert seen["place"].startswith("小田原市")
        assert "発表" in seen["source"]
        assert "避難指示" not in seen["page"]

    await gateway.publish(report(RAIN, RAIN_OVER))
    seen = await sign.until("s.scene === 'everyday'")
    assert "ありません" in seen["bars"][0]
    assert sign.faults == []


async def test_only_the_office_orders(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(order(4, "避難指示", "小田原市"))
    sign = await SignPage.open(window, gateway.port)

    seen = await sign.until("s.name === '避難指示'")

    assert (seen["mark"], seen["level"]) == ("警戒レベル4", "4")
    assert seen["action"] == "危険な場所から 全員避難"
    assert seen["source"].startswith("小田原市")
    assert seen["source"].endswith("発令")


async def test_a_hazard_without_a_level_never_looks_like_one(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(report(WIND, warning("暴風特別警報", "wind", rank=5)))
    sign = await SignPage.open(window, gateway.port)

    seen = await sign.until("s.name === '暴風特別警報'")

    assert seen["level"] == ""
    assert "レベル" not in seen["page"]
    ground = await sign.page.eval_on_selector(".card", "(card) => getComputedStyle(card).backgroundColor")
    assert ground == "rgb(18, 40, 59)"


async def test_several_take_turns_and_dots_say_which(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(report(RAIN, RAIN_5), report(WIND, STORM))
    sign = await SignPage.open(window, gateway.port)
    await sign.until("s.level === '5' && s.dots === 2")
    # no faster: with longer pauses between heartbeats the line would count as dead
    await sign.page.evaluate("hasten(3)")

    await sign.until("s.name === '暴風警報'")
    assert await sign.page.eval_on_selector_all(".dot", "(dots) => dots.map((dot) => dot.className)") == [
        "dot",
        "dot on",
    ]


async def test_what_is_not_ours_is_not_shown(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(
        report(RAIN, warning("レベル５大雨特別警報", "heavy_rain", level=5, areas=((ZUSHI, "逗子市"),)))
    )
    here = await SignPage.open(window, gateway.port)
    there = await SignPage.open(window, gateway.port, area="1420800")

    assert (await there.until("s.level === '5'"))["place"] == "逗子市 Zushi City"
    assert (await here.until("s.line === 'live'"))["scene"] == "everyday"


async def test_an_address_of_no_area_here_is_a_fault_and_not_a_quiet_sign(
    gateway: Gateway, window: BrowserContext
) -> None:
    sign = await SignPage.open(window, gateway.port, area="1310100")

    seen = await sign.until("s.scene === 'fault'")

    assert "ありません" not in " ".join(seen["bars"])
    assert "1310100" in seen["page"]
    assert "E5801" in seen["page"]


async def test_the_office_knows_what_is_on_the_screen(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    sign = await SignPage.open(window, gateway.port)
    await sign.until("s.level === '4'")

    await sign.page.wait_for_function(
        "async () => (await (await fetch('/health')).json()).signs.confirmed === 1", polling=100
    )


SMALL_OR_CUT = """() => {
  const least = innerHeight / 28 - 0.5;
  const wrong = [];
  const shown = (one) => one.getClientRects().length > 0;
  const texts = (one) => Array.from(one.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim());
  Array.from(document.querySelectorAll("body *")).filter((one) => texts(one) && shown(one)).forEach((one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    const box = range.getBoundingClientRect();
    const scale = one.ownerSVGElement ? one.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(one).fontSize) * scale;
    if (size < least) { wrong.push(`${one.textContent}: ${size}px`); }
    const out = box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
    if (out) { wrong.push(`${one.textContent}: cut`); }
  });
  const [card] = document.querySelectorAll(".card");
  if (card && card.firstElementChild.offsetHeight > card.clientHeight + 1) { wrong.push("card: cut"); }
  return wrong;
}"""


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1280, 1024), (3840, 1080), (800, 480)])
async def test_nothing_is_small_and_nothing_is_cut(
    gateway: Gateway, typeset_window: BrowserContext, size: tuple[int, int]
) -> None:
    sign = await SignPage.open(typeset_window, gateway.port)
    await sign.page.set_viewport_size({"width": size[0], "height": size[1]})
    await sign.until("s.line === 'live' && s.scene === 'everyday'")
    await sign.page.evaluate("document.fonts.ready")
    assert await sign.page.evaluate(SMALL_OR_CUT) == []

    await gateway.publish(report(SOIL, SOIL_4))
    await sign.until("s.level === '4'")
    await sign.page.evaluate("document.fonts.ready")
    assert await sign.page.evaluate(SMALL_OR_CUT) == []


# --- drills ---


async def test_a_drill_is_marked_first_and_leaves_for_something_real(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(report(SOIL, SOIL_4, drill="run-1"))
    sign = await SignPage.open(window, gateway.port)
    seen = await sign.until("s.drill && s.level === '4'")
    assert seen["page"].split()[:2] == ["訓練", "DRILL"]
    assert seen["action"] == "これは訓練です"

    await gateway.publish(report(WIND, STORM))
    seen = await sign.until("s.name === '暴風警報'")
    assert not seen["drill"]
    assert "訓練" not in seen["page"]
    assert seen["dots"] == 0

    await gateway.publish(report(WIND, warning("暴風警報", "wind", released=True)))
    await sign.until("s.drill")
    await gateway.close_drill(f"{SOIL}~run-1")
    await sign.until("s.scene === 'everyday' && !s.drill")


# --- without a line ---


async def test_a_cut_line_is_said_and_what_is_unexpired_stays(
    gateway: Gateway, line: Proxy, window: BrowserContext
) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    sign = await SignPage.open(window, line.port)
    await sign.until("s.line === 'live' && s.level === '4'")

    await line.cut()
    seen = await sign.until("s.line === 'lost'")

    assert seen["level"] == "4"
    [bar] = seen["bars"]
    assert "通信が切れています" in bar
    assert "以降は未確認です。テレビ・ラジオで確認してください" in bar


async def test_a_line_that_only_falls_silent_is_dead_too(line: Proxy, window: BrowserContext) -> None:
    sign = await SignPage.open(window, line.port)
    await sign.until("s.line === 'live' && s.scene === 'everyday'")

    line.black_hole()
    seen = await sign.until("s.line === 'lost'")

    assert "通信が切れています" in seen["bars"][0]
    assert "ありません" not in seen["bars"][0]


async def test_without_a_line_an_alert_leaves_at_its_stated_end(
    gateway: Gateway, line: Proxy, window: BrowserContext
) -> None:
    ends_at = now() + timedelta(seconds=5)
    tornado = report("jma:VPHW51:140000", warning("竜巻注意情報", "tornado", rank=3, expires=ends_at))
    await gateway.publish(tornado)
    sign = await SignPage.open(window, line.port)
    await sign.until("s.line === 'live' && s.name === '竜巻注意情報'")
    await line.cut()
    await sign.until("s.line === 'lost'")
    # the device's own clock may say what it likes
    await sign.page.evaluate("jumpClock(-3 * 3600 * 1000)")

    late_s = await sign.late_by_s("s.scene === 'everyday'", ends_at)

    assert abs(late_s) <= 1
    seen = await sign.sees()
    assert seen["lapsed"] == ""
    assert "通信が切れています" in seen["bars"][0]


async def test_without_a_line_an_alert_lapses_at_the_end_of_its_lease(
    gateway: Gateway, line: Proxy, window: BrowserContext
) -> None:
    ends_at = now() + timedelta(seconds=5)
    await gateway.lease("jma.extra", ends_at)
    await gateway.publish(report(SOIL, SOIL_4))
    sign = await SignPage.open(window, line.port)
    await sign.until("s.line === 'live' && s.level === '4'")
    await line.cut()
    await sign.until("s.line === 'lost'")
    await sign.page.evaluate("jumpClock(5 * 3600 * 1000)")

    late_s = await sign.late_by_s("s.scene === 'everyday'", ends_at)

    assert abs(late_s) <= 1
    seen = await sign.sees()
    ended = (ends_at + timedelta(hours=9)).strftime("%H:%M")
    assert f"土砂災害危険警報{ended} 以降 未確認" in seen["lapsed"]
    assert "ありません" not in seen["page"]


async def test_a_source_that_falls_silent_lapses_on_a_living_line_and_comes_back(
    gateway: Gateway, window: BrowserContext
) -> None:
    bay = warning("津波注意報", "tsunami", rank=3, areas=((TSUNAMI_BAY, "相模湾・三浦半島"),))
    await gateway.publish(report(SOIL, SOIL_4), report("jma:VTSE41:1", bay, lease="jma.eqvol"))
    sign = await SignPage.open(window, gateway.port)
    await sign.until("s.line === 'live' && s.dots === 2")

    await gateway.lease("jma.extra", now())
    seen = await sign.until("s.name === '津波注意報' && s.dots === 0")
    assert any("土砂災害危険警報" in bar and "以降 未確認" in bar for bar in seen["bars"])

    await gateway.lease("jma.extra", now() + timedelta(hours=1))
    seen = await sign.until("s.level === '4' && s.dots === 2")
    assert seen["bars"] == []


# --- coming back ---


async def test_after_a_lost_line_the_state_is_exact(gateway: Gateway, line: Proxy, window: BrowserContext) -> None:
    await gateway.publish(report(SOIL, SOIL_4), report(RAIN, RAIN_2))
    sign = await SignPage.open(window, line.port)
    await sign.until("s.line === 'live' && s.level === '4'")
    await line.cut()
    await sign.until("s.line === 'lost'")
    await gateway.publish(
        report(SOIL, warning("レベル４土砂災害危険警報", "landslide", released=True)),
        report(RAIN, RAIN_5),
        report(WIND, STORM),
    )

    await line.mend()
    await sign.page.evaluate("window.dispatchEvent(new Event('online'))")

    seen = await sign.until("s.line === 'live' && s.level === '5' && s.dots === 2")
    assert seen["bars"] == []


async def test_a_restarted_gateway_is_found_again(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    sign = await SignPage.open(window, gateway.port)
    await sign.until("s.line === 'live' && s.level === '4'")

    await gateway.stop()
    await sign.until("s.line === 'lost' && s.level === '4'")
    await gateway.start()

    await sign.until("s.line === 'live' && s.level === '4'", timeout_ms=20_000)


async def test_another_log_under_the_same_address_replaces_everything(gateway: Gateway, window: BrowserContext) -> None:
    await gateway.publish(report(SOIL, SOIL_4))
    sign = await SignPage.open(window, gateway.port)
    await sign.until("s.line === 'live' && s.level === '4'")

    await gateway.begin_anew("second")
    await gateway.publish(report(WIND, STORM))

    seen = await sign.until("s.line === 'live' && s.name === '暴風警報'", timeout_ms=20_000)
    assert seen["dots"] == 0


# --- starting without a line ---


async def kept_on_device(sign: SignPage) -> None:
    """Wait until the sign's files are on the device and the page is served from there."""
    await sign.page.evaluate("navigator.serviceWorker.ready")
    await sign.page.wait_for_function("navigator.serviceWorker.controller !== null")


async def test_after_a_power_cut_without_a_line_the_unexpired_is_shown_and_marked(
    gateway: Gateway, line: Proxy, typeset_window: BrowserContext
) -> None:
    ends_at = now() + timedelta(seconds=20)
    await gateway.publish(
        report(SOIL, SOIL_4),
        report("jma:VPHW51:140000", warning("竜巻注意情報", "tornado", rank=3, expires=now() + timedelta(seconds=4))),
    )
    sign = await SignPage.open(typeset_window, line.port)
    await sign.until("s.line === 'live' && s.dots === 2")
    await gateway.lease("jma.extra", ends_at)
    await kept_on_device(sign)
    await line.cut()
    await sign.until("s.dots === 0")

    await sign.page.reload()
    seen = await sign.until("s.level === '4' && s.line === 'lost'")
    assert seen["dots"] == 0
    assert "通信が切れています" in seen["bars"][0]
    assert await sign.page.evaluate("document.fonts.check('700 40px \"BIZ UDPGothic\"', '避難')")

    await line.mend()
    seen = await sign.until("s.line === 'live' && s.level === '4'", timeout_ms=20_000)
    assert seen["bars"] == []
