"""The peer: PostgreSQL with PostGIS from Debian's packages, started here, given the same devices and asked the same.

Tables, indexes and settings as in the notes on matching: one row a place with a covering index on (area, least rank), one row
a device with what it refuses and its token, a GiST index over points; 3 GB of shared buffers where there is room, no JIT,
no waiting for the disk. Everything is analysed, vacuumed and warm before it is timed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
from psycopg import sql

from services.dispatcher.core.rows import NOT_LOCATED
from tests.bench.nation import Nation

BIN = Path("/usr/lib/postgresql/15/bin")
PACKAGES = "postgresql-15 postgresql-15-postgis-3"
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "3GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "jit": "off",
    "synchronous_commit": "off",
    "fsync": "off",
    "autovacuum": "off",
}
TABLES = """
create extension postgis;
create unlogged table device (dev int, refuses int, token text);
create unlogged table place (dev int, area int, least smallint, point geometry(Point, 4326));
"""
INDEXES = """
create unique index on device (dev);
create index on place (area, least) include (dev);
create index on place using gist (point) where point is not null;
"""


class NotInstalled(Exception):
    """There is no such PostgreSQL on this machine."""


@contextmanager
def postgres() -> Iterator[psycopg.Connection]:
    """A server of its own in a temporary folder, for as long as the block lasts."""
    if not (BIN / "postgres").exists():
        msg = f"no PostgreSQL 15 in {BIN}: apt-get install {PACKAGES}"
        raise NotInstalled(msg)
    folder = Path(tempfile.mkdtemp(prefix="hansho-pg-"))
    # PostgreSQL refuses to run as root
    user = "postgres" if os.getuid() == 0 else None
    try:
        if user is not None:
            shutil.chown(folder, user)
        _run(user, "initdb", "--pgdata", str(folder / "data"), "--username", "postgres", "--auth", "trust", "--no-sync")
        options = " ".join(f"-c {name}={value or repr('')}" for name, value in SETTINGS.items())
        wait = ("--wait", "--timeout", "60", "--log", str(folder / "log"))
        _run(user, "pg_ctl", "--pgdata", str(folder / "data"), *wait, "--options", f"{options} -k {folder}", "start")
        try:
            with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as connection:
                yield connection
        finally:
            _run(user, "pg_ctl", "--pgdata", str(folder / "data"), "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _run(user: str | None, program: str, *arguments: str) -> None:
    subprocess.run([str(BIN / program), *arguments], user=user, check=True, stdout=subprocess.DEVNULL, cwd="/")


def fill(connection: psycopg.Connection, nation: Nation) -> None:
    """The devices, indexed, analysed and vacuumed."""
    connection.execute(TABLES)
    tokens = nation.tokens.tobytes()
    width = nation.tokens.shape[1]
    with connection.cursor() as cursor:
        with cursor.copy("copy device from stdin") as copy:
            for device, refuses in enumerate(nation.refuses.tolist()):
                token = tokens[device * width : (device + 1) * width].translate(_PLAIN).decode()
                copy.write_row((device, refuses, token))
        with cursor.copy("copy place (dev, area, least, point) from stdin") as copy:
            rows = (nation.device, nation.where, nation.least, nation.latitude, nation.longitude)
            for dev, area, least, latitude, longitude in zip(*(column.tolist() for column in rows), strict=True):
                point = f"SRID=4326;POINT({longitude / 1e6!r} {latitude / 1e6!r})" if latitude != NOT_LOCATED else None
                copy.write_row((dev, area, least, point))
        cursor.execute(INDEXES)
        cursor.execute("vacuum (analyze) device")
        cursor.execute("vacuum (analyze) place")


def ids(connection: psycopg.Connection, where: sql.Composable, kind: int, rank: int) -> np.ndarray:
    """Who is to be told, to the client, the fastest way there is: binary COPY, and no Python object a row."""
    query = sql.SQL(
        "copy (select distinct p.dev from place p join device d on d.dev = p.dev"
        " where p.least <= {rank} and d.refuses & {kind} = 0 and {where}) to stdout (format binary)"
    ).format(rank=sql.Literal(rank), kind=sql.Literal(kind), where=where)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        data = b"".join(bytes(some) for some in copy)
    rows = np.frombuffer(data[len(_COPY_HEAD) : -len(_COPY_END)], _COPY_ROW)
    return rows["dev"].astype(np.uint32)


_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_COPY_ROW = np.dtype([("columns", ">i2"), ("bytes", ">i4"), ("dev", ">i4")])


def bare_count(connection: psycopg.Connection, where: sql.Composable, rank: int) -> int:
    """How many follow it, whatever they refuse: from the index alone where the planner will."""
    query = sql.SQL(
        "select count(*) from (select distinct dev from place p where least <= {rank} and {where}) those"
    ).format(rank=sql.Literal(rank), where=where)
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def tokens(connection: psycopg.Connection, where: sql.Composable, kind: int, rank: int, lot: int) -> int:
    """Stream the tokens by COPY, in lots; how many there were."""
    query = sql.SQL(
        "copy (select token from device d where d.refuses & {kind} = 0 and d.dev in (select p.dev from place p"
        " where p.least <= {rank} and {where})) to stdout"
    ).format(rank=sql.Literal(rank), kind=sql.Literal(kind), where=where)
    count, held = 0, list[bytes]()
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for row in copy:
            held.append(bytes(row))
            if len(held) == lot:
                count += len(b"".join(held)) // len(held[0])
                held.clear()
    return count + len(held)


_PLAIN = bytes(one if chr(one).isalnum() else ord("-") for one in range(256))
"""Tokens without what COPY would have to escape."""
