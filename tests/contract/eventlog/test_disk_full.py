"""A full disk: a clear error, nothing kept of the call, everything before intact, and on again when there is space.

Where the machine lets us mount one, the disk is a small one of its own and really full: there the commit fails. With
a limit on the file's pages, as everywhere else, the statement fails before it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Protocol

import pytest

from services.eventlog.port import LogFull, Output
from services.eventlog.sqlite import SqliteLog
from services.eventlog.writer import Job
from tests.contract.eventlog.engines import TOPICS, a_message, everything

ROOT = Path(__file__).parents[3]
DISK_BYTES = 3_000_000
LARGE = b"x" * 20_000


class Disk(Protocol):
    """A disk that can be filled up and freed."""

    folder: Path

    async def fill(self, log: SqliteLog) -> None: ...
    async def free(self, log: SqliteLog) -> None: ...


class SmallDisk:
    """A filesystem of three megabytes; a file fills what the log left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    async def fill(self, log: SqliteLog) -> None:
        del log
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    async def free(self, log: SqliteLog) -> None:
        del log
        self._filler.unlink()


class PageLimit:
    """A limit that SQLite itself keeps: the file may not grow any more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def fill(self, log: SqliteLog) -> None:
        # SQLite never lowers the limit below what the file has
        await _pragma(log, "max_page_count = 1")

    async def free(self, log: SqliteLog) -> None:
        await _pragma(log, "max_page_count = 1000000")


async def _pragma(log: SqliteLog, pragma: str) -> None:
    await log._writer.submit(Job(doing="a test", work=lambda c: c.execute(f"PRAGMA {pragma}").fetchall()))


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A small filesystem, None where the machine does not let us have one."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(folder)]
    has_mount = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    yield folder if has_mount else None
    if has_mount:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(params=["small disk", "page limit"])
def disk(request: pytest.FixtureRequest, mounted: Path | None, tmp_path: Path) -> Disk:
    """A small disk, or a limit on pages where it cannot be had."""
    if request.param == "small disk" and mounted is not None:
        folder = mounted / request.node.name.replace("/", "_")
        folder.mkdir()
        return SmallDisk(folder)
    return PageLimit(tmp_path)


@asynccontextmanager
async def opened(disk: Disk) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(disk.folder / "log.sqlite", TOPICS)
    try:
        yield log
    finally:
        await log.close()
        for file in disk.folder.iterdir():
            file.unlink()


async def append_until_full(log: SqliteLog, value: bytes, start: int = 0) -> list[str]:
    """Append records one by one until one is refused; the ids of those that were taken."""
    taken: list[str] = []
    refused: LogFull | None = None
    while refused is None and len(taken) < 10_000:
        id_ = str(start + len(taken))
        try:
            await log.append("annals", [a_message(value=value, id=id_)])
        except LogFull as error:
            refused = error
        else:
            taken.append(id_)
    assert refused is not None
    assert refused.code == "E2001"
    assert "Free space" in str(refused)
    assert f"the first is {start + len(taken)}" in str(refused)
    return taken


async def kept(log: SqliteLog) -> list[str]:
    return [record.id for record in await everything(log, "annals")]


async def test_a_full_disk_keeps_what_was_acknowledged_and_takes_on_when_there_is_space(disk: Disk) -> None:
    async with opened(disk) as log:
        await log.append("annals", [a_message(value=LARGE, id=f"before {n}") for n in range(5)])
        await disk.fill(log)
        before = await kept(log)
        taken = await append_until_full(log, LARGE) + await append_until_full(log, b"small", 20_000)
        assert await kept(log) == before + taken
        with pytest.raises(LogFull):
            await log.append("annals", [a_message(value=LARGE, id=f"call {n}") for n in range(30)])
        assert await kept(log) == before + taken
        await disk.free(log)
        await log.append("annals", [a_message(value=LARGE, id="again")])
        assert await kept(log) == [*before, *taken, "again"]
        await log.close()
        with closing(sqlite3.connect(disk.folder / "log.sqlite")) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert file.execute("SELECT count(*) FROM record").fetchone() == (len(before + taken) + 1,)


async def test_on_a_full_disk_each_of_many_calls_is_told(disk: Disk) -> None:
    async with opened(disk) as log:
        await disk.fill(log)
        await append_until_full(log, LARGE)
        before = await kept(log)
        calls = [log.append("annals", [a_message(value=LARGE * 5, id=f"call {n}")]) for n in range(40)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        refused = [n for n, answer in enumerate(answers) if isinstance(answer, LogFull)]
        assert refused
        assert await kept(log) == before + [f"call {n}" for n in range(40) if n not in refused]
        await disk.free(log)
        await asyncio.gather(*(log.append("annals", [a_message(value=b"", id=f"call {n}")]) for n in range(40)))
        assert set(await kept(log)) == {*before, *(f"call {n}" for n in range(40))}


async def test_on_a_full_disk_a_commit_keeps_neither_outputs_nor_position(disk: Disk) -> None:
    async with opened(disk) as log, log.consume("group", ["letters"]) as consumer:
        await log.append("letters", [a_message(value=b"in")])
        records = await consumer.fetch()
        await disk.fill(log)
        await append_until_full(log, LARGE)
        await append_until_full(log, b"small", 20_000)
        outputs = [Output(topic="parcels", message=a_message(value=LARGE * 20, id="out"))]
        for _ in range(2):
            with pytest.raises(LogFull, match="commit of group group"):
                await consumer.commit(records, outputs)
        assert await everything(log, "parcels") == []
        assert sum(lag.lag_records for lag in await log.groups()) == 1
        await disk.free(log)
        await consumer.commit(records, outputs)
        assert len(await everything(log, "parcels")) == 1
        assert sum(lag.lag_records for lag in await log.groups()) == 0


PROGRAM = """
import asyncio, resource, sys
from services.eventlog.open import open_log
from services.eventlog.port import LogFull

async def main(url):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        async with open_log(url):
            print("opened")
    except LogFull as error:
        print(error.code, error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    async with open_log(url):
        print("opened")

asyncio.run(main(sys.argv[1]))
"""


def test_a_used_up_quota_is_a_full_disk_though_sqlite_calls_it_an_io_error(tmp_path: Path) -> None:
    # A limit on the size of files, in a process of its own, is answered like a quota: not by ENOSPC.
    command = [sys.executable, "-c", PROGRAM, f"sqlite:{tmp_path}/new/log.sqlite"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert told[0].startswith("E2001 The disk of")
    assert "opening the log" in told[0]
    assert told[1:] == ["opened"]
