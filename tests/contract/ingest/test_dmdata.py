"""The pushed route against a stand-in of ours: two lines, each telegram once, whatever the lines do."""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from schemas.status import Condition
from schemas.telegram import RawTelegram
from services.eventlog.memory import MemoryLog
from services.eventlog.port import LogFull, Message, Position
from services.ingest.core import dmdata as core
from services.ingest.sources import dmdata as module
from services.ingest.sources.dmdata import KeyUnusable, Sockets, read_key, sockets
from services.ingest.sources.known import Known
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter
from tests.contract.ingest.dmdata_server import Dmdata, dmdata, pushed
from tests.contract.ingest.peers import dead, payloads
from tests.telegrams import coast, telegram

WAIT_S = 5.0
TSUNAMI = telegram(title="津波警報・注意報・予報a", event_id="1", body=coast(("330", "51", "津波警報")))


class Refusing(MemoryLog):
    """A log on a full disk."""

    def __init__(self, _: MemoryLog) -> None:
        super().__init__()

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        raise LogFull(f"no space left for {len(messages)} of {topic}")


def a_client(server: Dmdata, log: MemoryLog, **changes: object) -> Sockets:
    clock = SystemClock()
    made = Sockets(
        log=log,
        clock=clock,
        known=Known(log),
        reporter=Reporter("ingest", clock),
        key=server.key,
        api=server.api,
        endpoints=server.endpoints,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@asynccontextmanager
async def listening(client: Sockets) -> AsyncIterator[None]:
    task = asyncio.create_task(client.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await asyncio.sleep(0.01)


async def raws(log: MemoryLog) -> list[RawTelegram]:
    return [raw for raw in await payloads(log, "telegrams") if isinstance(raw, RawTelegram)]


async def has(log: MemoryLog, count: int) -> list[RawTelegram]:
    async with asyncio.timeout(WAIT_S):
        while len(found := await raws(log)) < count:
            await asyncio.sleep(0.01)
    return found


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "PAUSE_S_MIN", 0.02)
    monkeypatch.setattr(core, "PAUSE_S_MAX", 0.1)


async def test_both_lines_are_opened_with_a_ticket_each_and_pings_are_answered() -> None:
    async with dmdata() as server:
        client = a_client(server, MemoryLog())
        async with listening(client):
            await until(lambda: len(server.lines) == 2 and len(client.up) == 2)
            assert server.accepted == 2
            assert server.asked[0]["appName"] == "Hansho"
            await server.push('{"type": "ping", "pingId": "p7"}')
            await until(lambda: server.pongs == ["p7", "p7"])
            assert client.report().message == "2 of 2 lines open"


async def test_a_telegram_that_both_bring_is_kept_once_as_it_came() -> None:
    log = MemoryLog()
    async with dmdata() as server:
        client = a_client(server, log)
        async with listening(client):
            await until(lambda: len(server.lines) == 2)
            await server.push(pushed("a1", TSUNAMI))
            await server.push(pushed("a1", TSUNAMI))
            await server.push(pushed("legacy", TSUNAMI, kind="VPWW54"))
            await server.push(pushed("a2", TSUNAMI))
            found = await has(log, 2)
    assert [(raw.source, raw.entry_id) for raw in sorted(found, key=lambda raw: raw.entry_id)] == [
        ("jma.pushed", "a1"),
        ("jma.pushed", "a2"),
    ]
    assert {gzip.decompress(b64decode(raw.body)) for raw in found} == {TSUNAMI}


async def test_a_line_that_is_cut_is_made_anew_while_the_other_goes_on() -> None:
    log = MemoryLog()
    async with dmdata() as server:
        client = a_client(server, log)
        async with listening(client):
            await until(lambda: len(server.lines) == 2)
            cut = server.lines["/tokyo"]
            await cut.close(1011)
            await server.push(pushed("a1", TSUNAMI))
            await has(log, 1)
            await until(lambda: len(server.lines) == 2 and server.accepted == 3)


async def test_a_line_that_falls_silent_is_made_anew() -> None:
    async with dmdata() as server:
        client = a_client(server, MemoryLog(), silent_s=0.1)
        async with listening(client):
            await until(lambda: server.accepted >= 4)


async def test_what_cannot_be_read_is_a_dead_letter_and_the_line_stays() -> None:
    log = MemoryLog()
    async with dmdata() as server:
        client = a_client(server, log)
        async with listening(client):
            await until(lambda: len(server.lines) == 2)
            await server.push('{"type": "data", "id": "a0"}')
            await server.push(pushed("a1", TSUNAMI))
            await has(log, 1)
    assert {letter.code for letter in await dead(log)} == {"E3131"}
    assert server.accepted == 2


@pytest.mark.parametrize("status", [401, 403, 429, 500])
async def test_who_gets_no_ticket_tries_again_and_says_so_at_length(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALARM_AFTER_S", 0.1)
    async with dmdata(status=status) as server:
        client = a_client(server, MemoryLog())
        async with listening(client):
            await until(lambda: len(server.asked) >= 6)
            report = client.report()
            assert (report.condition, report.code) == (Condition.ALARM, "E3201")
            assert f"HTTP {status}" in report.message
            assert server.key not in report.message
            server.status = 200
            await until(lambda: len(client.up) == 2)
            assert client.report().condition is Condition.OK


async def test_a_log_that_refuses_ends_no_route() -> None:
    log = MemoryLog()
    async with dmdata() as server:
        client = a_client(server, Refusing(log))
        async with listening(client):
            await until(lambda: len(server.lines) == 2)
            await server.push(pushed("a1", TSUNAMI))
            await until(lambda: "E2001" in client.reason and server.accepted >= 3)


async def test_where_nobody_listens_it_goes_on_trying() -> None:
    async with dmdata() as server:
        pass
    client = a_client(server, MemoryLog())
    async with listening(client):
        await until(lambda: "no ticket" in client.reason)


class TestTheKey:
    def _file(self, folder: Path, content: str, mode: int = 0o600) -> str:
        file = folder / "key"
        file.write_text(content)
        file.chmod(mode)
        return str(file)

    def test_is_read_from_a_file_of_its_owner_alone(self, tmp_path: Path) -> None:
        assert read_key(self._file(tmp_path, "abc\n")) == "abc"

    @pytest.mark.parametrize(("content", "mode"), [("abc", 0o644), ("", 0o600), ("鍵", 0o600)])
    def test_else_it_is_refused(self, tmp_path: Path, content: str, mode: int) -> None:
        with pytest.raises(KeyUnusable):
            read_key(self._file(tmp_path, content, mode))
        with pytest.raises(KeyUnusable):
            read_key(str(tmp_path / "missing"))

    def test_without_one_the_route_is_off(self, tmp_path: Path) -> None:
        log, clock = MemoryLog(), SystemClock()
        given = (log, clock, Known(log), Reporter("ingest", clock))
        assert sockets(*given, "") is None
        assert sockets(*given, self._file(tmp_path, "abc")) is not None
