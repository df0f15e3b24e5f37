"""`hansho officers`: by whoever has the machine, with the gateway stopped or running; passwords never in sight."""

from __future__ import annotations

import argparse
import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from services.eventlog.memory import MemoryLog
from services.eventlog.open import open_log
from services.eventlog.port import LogFull
from services.gateway import officers
from services.gateway.officers import OfficersRefused
from services.gateway.store.inbox import Inbox
from services.gateway.store.office import OfficeStore
from services.gateway.store.passwords import Passwords
from services.runtime import settings
from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from tests.contract.gateway.conftest import WAIT_S, Door, Opener, TroubledLog
from tests.contract.gateway.office.conftest import Browser

LONG = "a long enough password"


def a_deployment(folder: Path) -> Settings:
    return settings.read({"data_dir": str(folder), "feeds": "live"}, {})


def hansho(folder: Path, *words: str, typed: tuple[str, ...] = (LONG, LONG)) -> str:
    """What `hansho officers …` says, when these passwords are typed."""
    parser = argparse.ArgumentParser()
    officers.arguments(parser)
    said: list[str] = []
    answers = iter(typed)
    status = officers.main(parser.parse_args(words), a_deployment(folder), ask=lambda _: next(answers), say=said.append)
    assert status == 0
    return "\n".join(said)


def a_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "password"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return str(path)


# --- with the gateway stopped ---


def test_officers_are_added_listed_and_disabled(tmp_path: Path) -> None:
    assert "hansho officers add" in hansho(tmp_path, "list")
    assert "officer-a" in hansho(tmp_path, "add", "officer-a", "防災課 A")
    assert "1 of the 2 officers" in hansho(tmp_path, "list")
    hansho(tmp_path, "add", "officer-b", "防災課 B")
    assert hansho(tmp_path, "list").splitlines() == [
        "officer-a        enabled  防災課 A",
        "officer-b        enabled  防災課 B",
    ]
    hansho(tmp_path, "disable", "officer-a")
    assert "officer-a        disabled 防災課 A" in hansho(tmp_path, "list")


def test_the_log_belongs_to_the_live_city_and_others_cannot_enter_its_folder(tmp_path: Path) -> None:
    hansho(tmp_path / "live", "add", "officer-a", "防災課 A")
    assert stat.S_IMODE((tmp_path / "live").stat().st_mode) == 0o700


async def test_who_is_an_officer_stands_in_the_office_and_how_they_log_in_in_the_registry(tmp_path: Path) -> None:
    await asyncio.to_thread(hansho, tmp_path, "add", "officer-a", "防災課 A")
    async with open_log(f"sqlite:{tmp_path / 'hansho.db'}") as log:
        (role,) = await log.read("office", 0)
        known = await officers.known(log)
        kept = [*await log.read("office", 0), *await log.read("registry", 0)]
    assert role.key == "officers"
    assert known["officer-a"].password.startswith("$argon2id$")
    assert all(LONG.encode() not in (record.value or b"") for record in kept)


def test_a_password_is_read_from_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    hansho(tmp_path, "add", "officer-a", "A", "--password-file", a_file(tmp_path, LONG + "\n"), typed=())
    with pytest.raises(OfficersRefused, match="chmod 600"):
        hansho(tmp_path, "add", "officer-b", "B", "--password-file", a_file(tmp_path, LONG, 0o644))
    with pytest.raises(OfficersRefused, match="cannot be read"):
        hansho(tmp_path, "add", "officer-b", "B", "--password-file", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (("add", "Officer A", "A"), (LONG, LONG), "small letters"),
        (("add", "admin", "A"), (LONG, LONG), "small letters"),
        (("add", "officer-a", " "), (LONG, LONG), "a name has"),
        (("add", "officer-a", "A" * 41), (LONG, LONG), "a name has"),
        (("add", "officer-a", "A"), (LONG, "another one"), "differ"),
        (("add", "officer-a", "A"), ("short", "short"), "12 to 256"),
        (("disable", "nobody"), (), "no officer"),
    ],
    ids=["id", "admin", "no name", "long name", "typed differently", "short", "nobody"],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    tmp_path: Path, words: tuple[str, ...], typed: tuple[str, ...], why: str
) -> None:
    with pytest.raises(OfficersRefused, match=why):
        hansho(tmp_path, *words, typed=typed)


# --- with the gateway running ---


@pytest.fixture
async def running(opened: Opener, tmp_path: Path) -> AsyncIterator[Door]:
    """A live gateway that holds the log in this folder, as `hansho run` does."""
    async with open_log(f"sqlite:{tmp_path / 'hansho.db'}") as log:
        door = await opened(log, feeds="live", data_dir=str(tmp_path))
        await door.begin()
        yield door
        await door.stop()


async def test_while_it_runs_the_gateway_itself_is_asked(
    running: Door, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path
) -> None:
    async with asyncio.timeout(WAIT_S * 2):
        await asyncio.to_thread(hansho, tmp_path, "add", "officer-a", "防災課 A")
        browser = await browsers(running)
        await browser.log_in("officer-a", LONG)
        assert browser.path == "/office"
        assert "officer-a        enabled " in await asyncio.to_thread(hansho, tmp_path, "list")
        await asyncio.to_thread(hansho, tmp_path, "disable", "officer-a")
        await browser.see("/office")
        assert browser.path.startswith("/office/login")
    assert left(tmp_path / "officers") == []


def left(folder: Path) -> list[Path]:
    """What lies in a folder."""
    return list(folder.iterdir())


def a_request(folder: Path, text: str, mode: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "1.ask"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


async def asked(folder: Path, log: MemoryLog, *, mode: int = 0o600, text: str = "{}") -> str:
    """What the gateway leaves as its answer to a file."""
    path = a_request(folder, text, mode)
    inbox = Inbox(folder=folder, store=OfficeStore(log=log, clock=SystemClock()), clock=SystemClock())
    running = asyncio.create_task(inbox.run())
    async with asyncio.timeout(WAIT_S):
        while path in left(folder):
            await asyncio.sleep(0.01)
    running.cancel()
    return await asyncio.to_thread((folder / "1.answer").read_text, "utf-8")


async def test_a_file_that_others_could_have_written_is_refused(tmp_path: Path) -> None:
    assert "others may write it" in await asked(tmp_path / "in", MemoryLog(), mode=0o666)
    assert "no request of ours" in await asked(tmp_path / "in", MemoryLog(), text="[]")


async def test_a_log_that_refuses_is_said_to_refuse(tmp_path: Path) -> None:
    log = TroubledLog()
    log.refuses = LogFull("no space")
    request = (
        '{"set": {"officer": "a", "name": "A", "password": "x", "enabled": true, "changed_at": "2026-09-01T00:00:00Z"}}'
    )
    assert "E2001" in await asked(tmp_path / "in", log, text=request)


# --- the demo's ---


async def test_the_demo_has_two_officers_with_new_passwords_at_every_start() -> None:
    log = MemoryLog()
    first = await officers.demo(log, SystemClock())
    second = await officers.demo(log, SystemClock())
    assert [one.officer for one in first] == [one.officer for one in second] == ["demo-a", "demo-b"]
    assert len({one.password for one in (*first, *second)}) == 4
    known = await officers.known(log)
    assert [await Passwords().verify(known[one.officer].password, one.password) for one in (*first, *second)] == [
        False,
        False,
        True,
        True,
    ]
    assert len(await log.read("office", 0)) == 2
