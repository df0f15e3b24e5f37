"""What the SQLite engine promises of its file: durable, private, one writer, a version, a local disk."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.topics import DAY_S, Policy
from services.eventlog import groups, schema, sqlite, storage
from services.eventlog.open import open_log
from services.eventlog.port import LogBroken, LogInUse, LogMismatch, Position, SchemaTooNew
from services.eventlog.sqlite import SqliteLog
from tests.contract.eventlog.engines import TOPICS, Clock, a_message, everything, values
from tests.contract.eventlog.sqlite_files import (
    ROOT,
    content,
    opened,
    set_content,
)


class TestDurability:
    async def test_the_writers_own_connection_commits_in_full(self, path: Path) -> None:
        log = await opened(path)
        found = await log.durability()
        await log.close()
        assert (found["journal_mode"], found["synchronous"], found["secure_delete"]) == ("wal", 2, 1)

    async def test_files_are_for_their_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "var" / "live" / "log.sqlite"
        log = await opened(path)
        await log.append("annals", [a_message()])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        await log.close()
        assert set(modes) == {"log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "log.sqlite.lock"}
        assert set(modes.values()) == {0o600}
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700] * 2

    async def test_a_closed_log_is_one_whole_file(self, path: Path) -> None:
        log = await opened(path)
        await log.append("annals", [a_message(value=b"all of it")])
        await log.close()
        copy = path.with_name("copy.sqlite")
        set_content(copy, content(path))
        with closing(sqlite3.connect(copy)) as found:
            assert found.execute("SELECT value FROM record").fetchall() == [(b"all of it",)]
            assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    async def test_what_was_erased_is_in_no_file(self, path: Path) -> None:
        secret = b"the push address of somebody who left" * 300
        clock = Clock()
        log = await SqliteLog.open(path, TOPICS, clock=clock)
        for n in range(20):
            await log.append("table", [a_message(f"device {n}", secret)])
            await log.append("parcels", [a_message(f"device {n}", secret)])
        assert secret[:100] in content(path.with_name("log.sqlite-wal"))
        await log.append("table", [a_message(f"device {n}", None) for n in range(20)])
        clock.advance(DAY_S + 1)
        assert await log.maintain(clock.now) == 40
        await log.close()
        for file in path.parent.iterdir():
            assert secret[:30] not in content(file)


class TestOneWriter:
    async def test_a_second_log_on_the_file_is_refused(self, path: Path) -> None:
        log = await opened(path)
        with pytest.raises(LogInUse, match="stop that one first") as refused:
            await opened(path)
        assert refused.value.code == "E2006"
        await log.close()
        await (await opened(path)).close()

    async def test_a_second_process_is_refused_and_told_who_has_it(self, path: Path) -> None:
        program = (
            "import asyncio, sys; from services.eventlog.open import open_log\n"
            "async def main():\n    async with open_log(sys.argv[1]): print('open', flush=True); sys.stdin.read()\n"
            "asyncio.run(main())"
        )
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, f"sqlite:{path}"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert other.stdout
        assert await other.stdout.readline() == b"open\n"
        with pytest.raises(LogInUse, match=f"process {other.pid}"):
            await opened(path)
        other.kill()
        await other.communicate()
        # the kernel takes the lock back from a dead process at once
        async with open_log(f"sqlite:{path}") as log:
            await log.append("status", [a_message()])

    async def test_a_forked_worker_does_not_keep_the_file_of_a_dead_process(self, path: Path) -> None:
        program = (
            "import asyncio, os, signal, sys; from services.eventlog.open import open_log\n"
            "async def main():\n"
            "    async with open_log(sys.argv[1]):\n"
            "        told, tell = os.pipe()\n"
            "        if os.fork() == 0:\n            os.write(tell, b'x'); os.read(0, 1); os._exit(0)\n"
            "        os.read(told, 1); os.kill(os.getpid(), signal.SIGKILL)\n"
            "asyncio.run(main())"
        )
        writer_and_worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-c", program, f"sqlite:{path}"), cwd=ROOT, stdin=subprocess.PIPE
        )
        assert await writer_and_worker.wait() == -9
        async with open_log(f"sqlite:{path}") as log:
            await log.append("status", [a_message()])
        await writer_and_worker.communicate(b"x")

    async def test_another_name_for_the_file_is_the_same_log(self, path: Path) -> None:
        log = await opened(path)
        link = path.with_name("link.sqlite")
        link.symlink_to(path)
        with pytest.raises(LogInUse):
            await opened(link)
        await log.close()


class TestSchema:
    async def test_a_newer_file_is_refused_and_left_as_it_is(self, path: Path) -> None:
        await (await opened(path)).close()
        with closing(sqlite3.connect(path)) as file:
            file.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
        before = content(path)
        with pytest.raises(SchemaTooNew, match="newer version") as refused:
            await opened(path)
        assert refused.value.code == "E2005"
        with pytest.raises(SchemaTooNew):
            groups.list_groups(path, Clock().now)
        assert content(path) == before

    async def test_a_file_of_version_1_is_brought_forward_with_all_it_holds(self, path: Path) -> None:
        with closing(schema.connect(path)) as old:
            old.execute("PRAGMA journal_mode = WAL")
            schema._step(old, 0)
            old.execute("INSERT INTO topic VALUES (7, 'annals', 1, 'delete')")
            old.execute("INSERT INTO record VALUES (41, 7, 0, 0, 'k', x'76', 'one', x'7b7d', 1767225600000000)")
            old.execute("INSERT INTO head VALUES (7, 0, 41)")
            old.execute("INSERT INTO position VALUES ('group', 7, 0, 12)")
        log = await opened(path)
        assert await log.append("annals", [a_message("k", id="one")]) == [
            Position(topic="annals", partition=0, offset=41)
        ]
        [later] = await log.append("annals", [a_message("k", id="two")])
        assert later.offset > 41
        assert [record.offset for record in await log.read("annals", 0)] == [41, later.offset]
        assert [(lag.group, lag.committed, lag.lag_records) for lag in await log.groups()] == [("group", 12, 2)]
        await log.close()
        with closing(sqlite3.connect(path)) as now:
            assert now.execute("PRAGMA user_version").fetchone() == (2,)
            assert now.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'record_age'").fetchone() == (1,)

    async def test_retention_finds_old_records_by_their_age(self, path: Path) -> None:
        await (await opened(path)).close()
        with closing(sqlite3.connect(path)) as file:
            removable = file.execute(f"EXPLAIN QUERY PLAN {sqlite._REMOVABLE}", (1, 0, 5, 200)).fetchall()
            holds_back = file.execute(f"EXPLAIN QUERY PLAN {groups._HOLDS_BACK}", (1, 0, 5, 3)).fetchall()
        for plan in (removable, holds_back):
            searches = [line[3] for line in plan if line[3].startswith("SEARCH record")]
            assert len(searches) == 1
            assert "record_age (topic=? AND partition=? AND appended_at_us<?)" in searches[0]

    async def test_a_changed_number_of_partitions_is_refused(self, path: Path) -> None:
        await (await opened(path)).close()
        with pytest.raises(LogMismatch, match=r"letters with 3 partitions, schemas/topics.py says 4") as refused:
            await opened(path, letters=replace(TOPICS["letters"], partitions=4))
        assert refused.value.code == "E2008"
        await (await opened(path)).close()

    async def test_a_changed_policy_is_refused(self, path: Path) -> None:
        await (await opened(path)).close()
        with pytest.raises(LogMismatch, match="policy"):
            await opened(path, letters=replace(TOPICS["letters"], policy=Policy.COMPACT))

    async def test_a_new_topic_is_added_and_one_that_went_is_left_alone(self, path: Path) -> None:
        log = await opened(path, extra=replace(TOPICS["annals"], name="extra"))
        await log.append("extra", [a_message()])
        async with log.consume("group", ["extra"]):
            pass
        await log.close()
        log = await opened(path)
        assert [lag.holds_back for lag in await log.groups()] == [False]
        assert await log.maintain(Clock().now) == 0
        await log.close()
        log = await opened(path, extra=replace(TOPICS["annals"], name="extra"))
        assert len(await log.read("extra", 0)) == 1
        await log.close()

    async def test_another_programs_file_is_left_alone(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE addresses (name TEXT)")
        before = content(path)
        with pytest.raises(LogMismatch, match="another program"):
            await opened(path)
        assert content(path) == before

    async def test_a_file_that_is_no_database_is_refused(self, path: Path) -> None:
        set_content(path, b"no database at all " * 1000)
        with pytest.raises(LogBroken, match="not a database") as refused:
            await opened(path)
        assert refused.value.code == "E2007"

    async def test_a_damaged_page_is_an_error_of_the_read_that_meets_it(self, path: Path) -> None:
        log = await opened(path)
        for n in range(200):
            await log.append("annals", [a_message(value=b"%d" % n * 500)])
        await log.close()
        damaged = bytearray(content(path))
        damaged[4096 * 20 : 4096 * 60] = b"\xaa" * 4096 * 40
        set_content(path, damaged)
        log = await opened(path)
        with pytest.raises(LogBroken, match="restore a copy"):
            await everything(log, "annals")
        await log.close()


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:35 / /srv/share rw,relatime - nfs4 server:/export rw
41 40 0:36 / /srv/share/local\\040disk rw,relatime - xfs /dev/vdb rw
42 22 0:37 / /srv/cloud rw shared:9 master:1 - fuse.sshfs host:/ rw
43 22 0:38 / /srv/twice rw - nfs4 server:/old rw
44 22 0:39 / /srv/twice rw - ext4 /dev/vdc rw
"""


class TestDisks:
    @pytest.mark.parametrize(
        ("directory", "kind"),
        [
            ("/var/lib", "ext4"),
            ("/srv/share", "nfs4"),
            ("/srv/share/deeper", "nfs4"),
            ("/srv/shared", "ext4"),
            ("/srv/share/local disk/log", "xfs"),
            ("/srv/cloud", "fuse.sshfs"),
            ("/srv/twice", "ext4"),
        ],
    )
    def test_the_filesystem_under_a_directory(self, tmp_path: Path, directory: str, kind: str) -> None:
        mounts = tmp_path / "mountinfo"
        mounts.write_text(MOUNTS)
        assert storage.filesystem_of(Path(directory), mounts) == kind

    def test_a_network_disk_is_refused(self, tmp_path: Path) -> None:
        mounts = tmp_path / "mountinfo"
        mounts.write_text(MOUNTS)
        with pytest.raises(LogMismatch, match="local disk"):
            storage.refuse_network_disk(Path("/srv/share/x"), mounts)
        storage.refuse_network_disk(Path("/srv/share/local disk"), mounts)

    def test_where_the_system_does_not_say_the_disk_is_taken(self, tmp_path: Path) -> None:
        storage.refuse_network_disk(tmp_path, tmp_path / "no such file")


class TestAddresses:
    @pytest.mark.parametrize("url", ["", "sqlite:", "memory:x", "postgres://x", "log.sqlite", "kafka:broker:9092"])
    async def test_an_address_nobody_knows_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="an address is one of"):
            async with open_log(url):
                pass

    async def test_every_memory_log_is_its_own(self) -> None:
        async with open_log("memory:", TOPICS) as one, open_log("memory:", TOPICS) as other:
            await one.append("annals", [a_message()])
            assert values(await other.read("annals", 0)) == []
