"""`hansho phones` as a process, and its page in a browser."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.async_api import Browser, expect

from services.phones.app import load_book
from services.phones.core.book import BookError
from services.runtime import cities
from tests.contract.channels.standing import ROOT, stand_in
from tests.unit.phones.core.messages import AUTHORIZATION, message

END_S = 10


def deliver(url: str, **changed: object) -> None:
    body = json.dumps({"message": message(**changed)}).encode()
    asked = Request(f"{url}/v1/projects/p/messages:send", body, {"Authorization": AUTHORIZATION})
    with urlopen(asked, timeout=5) as answer:
        assert answer.status == 200


def test_it_says_where_it_listens_draws_its_citys_phones_and_ends_when_told(tmp_path: Path) -> None:
    announced = tmp_path / "url"
    with stand_in("--city", "odawara", "--announce", str(announced)) as beside:
        assert announced.read_text("utf-8") == f"phones {beside.url}\n"
        with urlopen(f"{beside.url}/v1/inbox", timeout=5) as answer:
            phones = json.load(answer)["phones"]
        assert "小田原市" in {phone["place"] for phone in phones}
        assert {phone["language"] for phone in phones} == {"ja", "easy", "en"}
        beside.process.send_signal(signal.SIGTERM)
        assert beside.process.wait(END_S) == 0


def test_it_ends_when_whoever_started_it_is_gone() -> None:
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'services', 'phones'], "
        "stdout=subprocess.PIPE, text=True); print(p.stdout.readline(), flush=True)"
    )
    parent = subprocess.run(
        (sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    url = parent.stdout.split()[1]
    with pytest.raises(OSError, match=r"refused|reset"):
        ask_until_it_is_gone(url)


def ask_until_it_is_gone(url: str) -> None:
    while True:
        with urlopen(f"{url}/v1/inbox", timeout=5) as answer:
            answer.read()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--city", "nowhere"), "E6103"),
        (("--host", "0.0.0.0"), "E6104"),
        (("--port", "99999"), "E6104"),
        (("--deploy-dir", "/nonexistent"), "E6003"),
        (("--clock", "noon"), "E6005"),
    ],
)
def test_what_it_cannot_start_with_is_said(arguments: tuple[str, ...], said: str) -> None:
    command = (sys.executable, "-m", "services", "phones", *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=END_S)
    assert done.returncode == 2
    assert done.stderr.startswith(said)


def test_a_city_without_a_book_has_no_phones(tmp_path: Path) -> None:
    deploy = cities.deploy_dir()
    table = cities.load_table(deploy)
    assert load_book("zushi", deploy, table) == ()
    with pytest.raises(BookError, match="no city"):
        load_book("nowhere", deploy, table)
    (tmp_path / "cities" / "x").mkdir(parents=True)
    (tmp_path / "cities" / "x" / "city.toml").write_text("")
    (tmp_path / "cities" / "x" / "phones.toml").write_bytes(b"\xff")
    with pytest.raises(BookError, match="cannot be read"):
        load_book("x", tmp_path, table)


# --- the page ---


@pytest.mark.browser
async def test_a_notification_appears_on_its_phone_while_one_looks(browser: Browser) -> None:
    with stand_in("--city", "odawara") as beside:
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        await page.goto(beside.url)
        await expect(page.locator(".demo")).to_contain_text("デモ")
        await expect(page.locator(".phone")).to_have_count(6)
        phone = page.locator('.phone[data-address="demo-odawara-ja"]')
        await expect(phone).to_contain_text("通知はありません")

        deliver(beside.url, data={"alert": "a1", "revision": "r1", "change": "new", "level": "4", "origin": "official"})
        await expect(phone.locator(".card")).to_contain_text("警戒レベル４相当 土砂災害危険警報 小田原市")
        await expect(phone.locator('.mark[data-level="4"]')).to_have_text("4")

        ended = {"title": "【訓練】解除 土砂災害危険警報", "body": "<b>解除</b>されました"}
        data = {"alert": "a1", "revision": "r2", "change": "end", "drill": "run-1"}
        deliver(beside.url, notification=ended, data=data)
        await expect(phone.locator(".card")).to_have_count(2)
        await expect(phone.locator(".card").first).to_contain_text("<b>解除</b>されました")
        await expect(phone.locator(".card").first.locator(".hatch")).to_contain_text("訓練")
        await expect(phone.locator(".card").nth(1)).to_have_class("card replaced")
        await expect(page.locator("#counts")).to_contain_text("受け取り 2")
        assert errors == []
        await page.close()


@pytest.mark.browser
async def test_the_page_says_when_the_stand_in_is_gone(browser: Browser) -> None:
    with stand_in("--city", "odawara") as beside:
        page = await browser.new_page()
        await page.goto(beside.url)
        await expect(page.locator(".phone")).to_have_count(6)
        await expect(page.locator("#state")).to_be_hidden()
        beside.process.kill()
        await expect(page.locator("#state")).to_contain_text("つながりません")
        await page.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_three_phones_stand_side_by_side_where_there_is_room_and_nothing_runs_over(
    browser: Browser, width: int
) -> None:
    with stand_in("--city", "odawara") as beside:
        page = await browser.new_page(viewport={"width": width, "height": 800})
        await page.goto(beside.url)
        await expect(page.locator(".phone")).to_have_count(6)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        tops = [box["y"] for phone in await page.locator(".phone").all() if (box := await phone.bounding_box())]
        assert tops.count(tops[0]) == (3 if width == 1280 else 1)
        await page.close()
