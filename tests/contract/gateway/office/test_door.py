"""The door of the office: who comes in, who does not, how long, and what a form must show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.office import Officer
from services.eventlog.port import LogFull
from services.gateway.core import access
from services.gateway.store.passwords import WAITING_MAX, Passwords
from tests.contract.gateway.conftest import Door, Opener, TroubledLog
from tests.contract.gateway.office.conftest import HASH, PASSWORD, Browser, Bureau, enrolled

PAGES = ("/office", "/office/drafts", "/office/drafts/new", "/office/drills", "/office/drills/new", "/office/record")


def cookie(who: Browser) -> str:
    """The log-in's key in the registry."""
    return access.token_key(who.http.cookies["hansho-office"])


# --- in ---


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_there_for_an_officer_and_for_nobody_else(bureau: Bureau, path: str) -> None:
    await bureau.a.see(path)
    assert (bureau.a.status, bureau.a.answer.headers["cache-control"]) == (200, "no-store")
    stranger = await bureau.browser()
    await stranger.see(path)
    assert stranger.path == f"/office/login?next={path}"


async def test_whoever_logs_in_comes_to_the_page_they_wanted(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    visitor = await bureau.browser()
    await visitor.see(f"{bureau.root()}/approve")
    await visitor.press("/login", officer="officer-b", password=PASSWORD)
    assert visitor.path == f"{bureau.root()}/approve"


@pytest.mark.parametrize("path", ["//evil.example/office", "https://evil.example/office", "/office\\@evil", "/x", ""])
async def test_a_log_in_leads_nowhere_but_to_the_office(bureau: Bureau, path: str) -> None:
    visitor = await bureau.browser()
    await visitor.see("/office/login")
    await visitor.press("/login", officer="officer-b", password=PASSWORD, next=path)
    assert visitor.path == "/office"


async def test_the_cookie_is_for_this_site_and_no_script(bureau: Bureau) -> None:
    visitor = await bureau.browser()
    await visitor.see("/office/login")
    form = visitor.form("/login")
    answer = await visitor.http.post(
        form.action,
        data=dict(form.filled(officer="officer-a", password=PASSWORD)),
        headers={"x-forwarded-proto": "https"},
    )
    (set_,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("hansho-office=")]
    assert {"httponly", "path=/office", "samesite=strict", "secure"} <= {
        part.strip().lower() for part in set_.split(";")
    }
    plain = await visitor.http.get("/office/login")
    assert "secure" not in plain.headers["set-cookie"].lower()


async def test_what_is_kept_of_a_log_in_is_not_what_opens_the_door(bureau: Bureau) -> None:
    token = bureau.a.http.cookies["hansho-office"]
    kept = [(record.key, record.value or b"") for record in await bureau.log.read("registry", 0)]
    assert any(key == f"session:{access.token_key(token)}" for key, _ in kept)
    assert all(token not in key and token.encode() not in value for key, value in kept)
    assert all(PASSWORD.encode() not in value for _, value in kept)


# --- not in ---


@pytest.mark.parametrize(
    ("officer", "password"),
    [("officer-a", "wrong"), ("nobody", PASSWORD), ("officer-a", ""), ("officer-a", PASSWORD + "x" * 300), ("", "")],
    ids=["wrong password", "no such officer", "no password", "too long", "nothing"],
)
async def test_every_failure_is_answered_with_the_same_words(bureau: Bureau, officer: str, password: str) -> None:
    visitor = await bureau.browser()
    await visitor.log_in(officer, password)
    assert (visitor.status, "E5502" in visitor.text) == (401, True)
    assert "職員番号またはパスワードが違います" in visitor.text
    assert "hansho-office" not in visitor.http.cookies


async def test_whoever_fails_too_often_waits_and_so_does_the_right_password(bureau: Bureau) -> None:
    visitor = await bureau.browser()
    for _ in range(access.ACCOUNT_FAILURES_MAX):
        await visitor.log_in("officer-a", "wrong")
    await visitor.log_in("officer-a")
    assert (visitor.status, "E5503" in visitor.text) == (429, True)
    await visitor.log_in("officer-b")
    assert visitor.path == "/office"


async def test_an_address_that_tries_many_names_waits_whatever_it_tries(bureau: Bureau) -> None:
    desk = bureau.door.app.office.desk
    desk.addresses = access.Lockout(failures_max=2, wait_max_s=900)
    visitor = await bureau.browser()
    for name in ("x", "y"):
        await visitor.log_in(name, "wrong")
    await visitor.log_in("officer-a")
    assert visitor.status == 429
    visitor.http.headers["x-forwarded-for"] = "203.0.113.9, 198.51.100.7"
    await visitor.log_in("officer-a")
    assert visitor.path == "/office"


async def test_too_many_at_once_are_asked_to_try_again(bureau: Bureau) -> None:
    bureau.door.app.office.desk.passwords = Passwords(_waiting=WAITING_MAX)
    visitor = await bureau.browser()
    await visitor.log_in("officer-a")
    assert (visitor.status, "E5508" in visitor.text) == (503, True)


async def test_a_log_in_form_of_another_site_is_not_taken(bureau: Bureau) -> None:
    visitor = await bureau.browser()
    await visitor.see("/office/login")
    await visitor.press("/login", officer="officer-a", password=PASSWORD, form="0" * 64)
    assert (visitor.status, "E5504" in visitor.text) == (403, True)
    stranger = await bureau.browser()
    answer = await stranger.http.post("/office/login", data={"officer": "officer-a", "password": PASSWORD})
    assert answer.status_code == 403


# --- how long ---


async def test_whoever_logs_out_is_out_and_an_old_page_of_theirs_does_nothing(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.a.see(bureau.root())
    old = bureau.a.form("/discard")
    kept = bureau.a.http.cookies["hansho-office"]
    await bureau.a.press("/logout")
    assert bureau.a.path == "/office/login"
    bureau.a.http.cookies.set("hansho-office", kept, path="/office")
    await bureau.a.send(old)
    assert bureau.a.path == "/office/login"
    assert bureau.only.draft is not None


@pytest.mark.parametrize(
    ("began_s", "seen_s"),
    [(access.ABSOLUTE_S + 1, 0), (access.IDLE_S + 1, access.IDLE_S + 1)],
    ids=["a watch is over", "nobody used it"],
)
async def test_a_log_in_ends(bureau: Bureau, began_s: float, seen_s: float) -> None:
    sessions, key, now = bureau.door.app.office.store.sessions, cookie(bureau.a), bureau.door.app.clock.now()
    sessions[key] = replace(
        sessions[key], began_at=now - timedelta(seconds=began_s), seen_at=now - timedelta(seconds=seen_s)
    )
    await bureau.a.see("/office")
    assert bureau.a.path == "/office/login?next=/office"
    await bureau.door.app.office.store.sweep(now)
    assert key not in sessions


async def test_a_log_in_that_is_used_is_noted_and_outlives_the_gateway(
    bureau: Bureau, opened: Opener, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path
) -> None:
    sessions, key, now = bureau.door.app.office.store.sessions, cookie(bureau.a), bureau.door.app.clock.now()
    sessions[key] = replace(sessions[key], seen_at=now - timedelta(seconds=access.SEEN_EVERY_S))
    await bureau.a.see("/office")
    assert sessions[key].seen_at >= now
    token = bureau.a.http.cookies["hansho-office"]
    await bureau.door.stop()
    second = await opened(bureau.log, feeds="http://127.0.0.1:9", data_dir=str(tmp_path))
    await second.begin()
    again = await browsers(second)
    again.http.cookies.set("hansho-office", token, path="/office")
    await again.see("/office")
    assert (again.status, again.path) == (200, "/office")


async def test_an_officer_who_is_disabled_is_out_at_once(bureau: Bureau) -> None:
    store = bureau.door.app.office.store
    off = Officer(officer="officer-a", name="A", password=HASH, enabled=False, changed_at=bureau.door.app.clock.now())
    await store.enrol(off, "off")
    while store.officers["officer-a"].enabled:
        await store.bell().wait()
    await bureau.a.see("/office")
    assert bureau.a.path.startswith("/office/login")
    await bureau.a.log_in("officer-a")
    assert bureau.a.status == 401


async def test_an_officer_has_only_so_many_log_ins(bureau: Bureau) -> None:
    sessions = bureau.door.app.office.store.sessions
    for _ in range(access.SESSIONS_MAX):
        await (await bureau.browser()).log_in("officer-a")
    assert sum(one.officer == "officer-a" for one in sessions.values()) == access.SESSIONS_MAX
    await bureau.a.see("/office")
    assert bureau.a.path.startswith("/office/login")


async def test_whoever_logs_in_while_the_log_is_full_sees_the_situation(bureau: Bureau) -> None:
    assert isinstance(bureau.log, TroubledLog)
    bureau.log.refuses = LogFull("no space")
    visitor = await bureau.browser()
    await visitor.log_in("officer-a")
    assert (visitor.status, visitor.path) == (200, "/office")


# --- forms ---


async def test_a_form_that_is_not_from_a_page_of_this_log_in_does_nothing(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.b.see(f"{bureau.root()}/approve")
    form = bureau.b.form("/approve")
    await bureau.b.send(form, read="yes", form="0" * 64)
    assert (bureau.b.status, "E5504" in bureau.b.text) == (403, True)
    bureau.b.http.headers["sec-fetch-site"] = "cross-site"
    await bureau.b.send(form, read="yes")
    assert bureau.b.status == 403
    assert bureau.only.submission is not None


@pytest.mark.parametrize(
    "fields",
    [{"command": "1"}, {"command": "../../etc"}, {"incident": "officers"}, {"incident": "x"}],
    ids=["short id", "strange id", "the roll", "no incident"],
)
async def test_ids_that_are_not_ours_are_refused(bureau: Bureau, fields: dict[str, str]) -> None:
    await bureau.a.see("/office/drafts/new?level=4")
    await bureau.a.press("/new", districts="早川", do="keep", **fields)
    assert bureau.a.status == 400
    assert not bureau.incidents


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"form=" + b"a" * 70_000, "application/x-www-form-urlencoded"),
        (b"a=1&" * 300, "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b'{"form": "x"}', "application/json"),
    ],
    ids=["too large", "too many fields", "no text", "no form"],
)
async def test_what_is_no_form_is_refused(bureau: Bureau, body: bytes, kind: str) -> None:
    answer = await bureau.a.http.post("/office/logout", content=body, headers={"content-type": kind})
    assert answer.status_code == 400


# --- pages that are not there ---


@pytest.mark.parametrize(
    "path", ["/office/nowhere", "/office/incidents/20260901-000000", "/office/incidents/x/approve"]
)
async def test_what_is_not_there_is_said_to_an_officer_in_words(bureau: Bureau, path: str) -> None:
    await bureau.a.see(path)
    assert bureau.a.status == 404
    assert "選び直してください" in bureau.a.text


async def test_a_fault_of_ours_is_a_page_too(bureau: Bureau) -> None:
    def broken() -> list[object]:
        raise ZeroDivisionError

    bureau.door.app.office.desk.sendings = broken  # type: ignore[assignment]
    await bureau.a.see("/office")
    assert (bureau.a.status, "E5000" in bureau.a.text) == (500, True)


async def test_while_the_situation_is_not_loaded_nobody_is_shown_half_of_it(
    opened: Opener, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path
) -> None:
    log = TroubledLog()
    await enrolled(log, "officer-a")
    door = await opened(log, data_dir=str(tmp_path))
    browser = await browsers(door)
    await browser.see("/office")
    assert (browser.status, "読み込んでいます" in browser.text) == (503, True)


async def test_without_officers_the_door_says_how_there_will_be_some(
    opened: Opener, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path
) -> None:
    door = await opened(data_dir=str(tmp_path))
    await door.begin()
    store = door.app.office.store
    while not store.loaded:
        await store.bell().wait()
    browser = await browsers(door)
    await browser.see("/office/login")
    assert "hansho officers add" in browser.text


async def test_in_the_demo_every_page_has_its_frame(
    opened: Opener, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path
) -> None:
    log = TroubledLog()
    await enrolled(log, "officer-a")
    door = await opened(log, data_dir=str(tmp_path), feeds="demo")
    await door.begin()
    browser = await browsers(door)
    for path in ("/office/login", *PAGES, "/office/nowhere"):
        await browser.see(path)
        assert "data-demo" in browser.answer.text
        assert "デモ" in browser.text
        if path == "/office/login":
            await browser.log_in("officer-a")
