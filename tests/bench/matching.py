"""Who is to be told, asked of our index and of PostgreSQL with PostGIS in one run over the same devices.

Every answer is compared before it is timed. "ids" is the answer in the asker's hands: a numpy array of ours, rows fetched
from the server there. The peer's bare count is its best case, and printed beside. One index holds all devices here, as one
shard does; a line says what sixteen shards take. HANSHO_BENCH_DEVICES=10000000 asks for the nation.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import psycopg
from psycopg import sql
from pyroaring import BitMap

from schemas import codec
from schemas.area import AreaCode
from services.dispatcher.core.index import Index
from services.dispatcher.core.shapes import Shape
from tests.bench import nation as nations
from tests.bench.nation import HAZARD, HAZARDS, NATION, RANK, Nation, area, prefecture
from tests.bench.postgres import bare_count, fill, ids, postgres, tokens
from tests.bench.result import Result, middle, percentile

DEVICES = int(os.environ.get("HANSHO_BENCH_DEVICES", "1000000"))
ROUNDS = 5
OURS_A_ROUND = 5
"""Ours take microseconds: more of them for a steady median."""
LOT = 500
EVENTS = 2_000
UPSERTS = 5_000
SHARDS = 16
KIND = 1 << HAZARDS.index(HAZARD)
BYTES_MAX, CORE_MAX = 25, 20


@dataclass(frozen=True, slots=True)
class Query:
    """One question in both languages; goals are ratios peer / ours at the least."""

    name: str
    work: str
    area: AreaCode
    where: sql.Composable
    ids_min: float
    tokens_min: float


@dataclass(slots=True)
class Timed:
    """Milliseconds of each round."""

    all_ms: list[float]

    @property
    def ms(self) -> float:
        return middle(self.all_ms)

    def __str__(self) -> str:
        return f"{min(self.all_ms):.3g}-{max(self.all_ms):.3g} of {len(self.all_ms)}"


def timed(work: Callable[[], object], rounds: int) -> Timed:
    """Each round, after one that warms."""
    work()
    return Timed([_once_ms(work) for _ in range(rounds)])


def in_turn(ours: Callable[[], object], peers: Callable[[], object]) -> tuple[Timed, Timed]:
    """Both sides, a round of the one after a round of the other, after one that warms."""
    ours()
    peers()
    mine, theirs = list[float](), list[float]()
    for _ in range(ROUNDS):
        mine += [_once_ms(ours) for _ in range(OURS_A_ROUND)]
        theirs.append(_once_ms(peers))
    return Timed(mine), Timed(theirs)


def _once_ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000


def measured() -> Iterator[Result]:
    """Everything, in one run."""
    nation = nations.a_nation(DEVICES)
    contents = nations.contents(nation)
    index = Index.of(contents, nation.above)
    by_device = sum(map(len, contents.bitmaps.values())) / nation.count
    yield Result(
        name="matching.size",
        work=f"index of {nation.count:,} devices, serialized, a device",
        value=round(by_device, 1),
        unit="B",
        goal=f"≤ {BYTES_MAX} B",
        holds=by_device <= BYTES_MAX,
    )
    yield from _upserts(nation, index)
    with postgres() as connection:
        _say(f"filling PostgreSQL with {nation.count:,} devices")
        fill(connection, nation)
        yield from _areas(nation, index, connection)
        yield from _polygon(nation, index, connection)
        yield from _events(index, connection)
    yield from _sharded(nation)


def _say(what: str) -> None:
    print(f"bench: matching: {what} …", flush=True)  # noqa: T201 - progress of minutes


def _queries(nation: Nation) -> Iterator[Query]:
    sizes = np.bincount(nation.where, minlength=nations.AREAS)
    town = int(np.argsort(sizes)[-60])
    pref = 8
    towns = [int(one) for one in np.flatnonzero(nation.pref_of == pref)]
    yield Query(
        "municipality", "one municipality", area(town), sql.SQL("p.area = {}").format(sql.Literal(town)), 500, 25
    )
    yield Query(
        "prefecture",
        "one prefecture",
        prefecture(pref),
        sql.SQL("p.area = any({})").format(sql.Literal(towns)),
        1_000,
        25,
    )
    yield Query("everything", "everything", NATION, sql.SQL("true"), 2_000, 25)


def _areas(nation: Nation, index: Index, connection: psycopg.Connection) -> Iterator[Result]:
    for query in _queries(nation):
        _say(query.work)
        found = _ids(index, query.area)
        assert np.array_equal(found, np.sort(ids(connection, query.where, KIND, RANK)))
        work = f"{query.work} ({len(found):,} devices)"
        asked = partial(_ids, index, query.area)
        both = in_turn(asked, partial(ids, connection, query.where, KIND, RANK))
        yield _compared(f"matching.{query.name}.ids", f"ids of {work}", *both, query.ids_min)
        both = in_turn(asked, partial(bare_count, connection, query.where, RANK))
        yield _compared(f"matching.{query.name}.count", "the same, peer's bare count without hazards", *both, None)
        assert _tokens(nation, index, query.area) == tokens(connection, query.where, KIND, RANK, LOT) == len(found)
        streamed = partial(_tokens, nation, index, query.area)
        both = in_turn(streamed, partial(tokens, connection, query.where, KIND, RANK, LOT))
        yield _compared(f"matching.{query.name}.tokens", "their tokens in 500s", *both, query.tokens_min)
        named = timed(partial(_names, index, query.area), ROUNDS)
        yield _compared(
            f"matching.{query.name}.names", "their device ids in 500s, as orders have them", named, both[1], None
        )


def _polygon(nation: Nation, index: Index, connection: psycopg.Connection) -> Iterator[Result]:
    """A 12-gon of 50 km² in the largest municipality; only those who gave coordinates, as PostGIS has no others."""
    town = int(np.argmax(np.bincount(nation.where)))
    _say("a polygon")
    latitude, longitude = nation.centres[town]
    angles = np.linspace(0, 2 * np.pi, 13)
    radius = 0.0362
    points = [
        (latitude + radius * np.sin(one), longitude + radius * np.cos(one) / np.cos(np.radians(latitude)))
        for one in angles[:-1]
    ]
    points.append(points[0])
    shape = Shape((" ".join(f"{lat!r},{lon!r}" for lat, lon in map(_floats, points)),), margin_deg=0.0)
    ring = ", ".join(f"{lon!r} {lat!r}" for lat, lon in map(_floats, points))
    where = sql.SQL("p.point is not null and p.area = {} and ST_Intersects(p.point, ST_GeomFromText({}, 4326))").format(
        sql.Literal(town), sql.Literal(f"POLYGON(({ring}))")
    )
    index.unlocated = False

    def ours() -> np.ndarray:
        return np.frombuffer(index.match(area(town), HAZARD, RANK, None, shape).to_array(), np.uint32)

    found = ours()
    assert len(found)
    assert np.array_equal(found, np.sort(ids(connection, where, KIND, RANK)))
    mine, peer = in_turn(ours, lambda: ids(connection, where, KIND, RANK))
    index.unlocated = True
    yield _compared("matching.polygon.ids", f"ids in a polygon of 50 km² ({len(found):,} devices)", mine, peer, 10)


def _floats(point: tuple[float, float]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _events(index: Index, connection: psycopg.Connection) -> Iterator[Result]:
    _say(f"{EVENTS:,} events of one municipality each")
    chance = random.Random(7)
    towns = [chance.randrange(nations.AREAS) for _ in range(EVENTS)]
    query = (
        "select distinct p.dev from place p join device d on d.dev = p.dev"
        f" where p.least <= {RANK} and d.refuses & {KIND} = 0 and p.area = %s"
    )

    def peers() -> int:
        count = 0
        with connection.cursor(binary=True) as cursor:
            for town in towns:
                cursor.execute(query, (town,), prepare=True)
                count += len(np.fromiter((dev for (dev,) in cursor), np.uint32))
        return count

    def ours() -> int:
        return sum(len(_ids(index, area(town))) for town in towns)

    assert ours() == peers()
    mine, peer = in_turn(ours, peers)
    yield _compared("matching.events", f"ids of {EVENTS:,} events of one municipality", mine, peer, 300)


def _upserts(nation: Nation, index: Index) -> Iterator[Result]:
    """Changed subscriptions as they stand in the log, decoded and indexed; matching in between."""
    _say("upserts")
    chance = random.Random(7)
    changed = [nation.subscription(chance.randrange(nation.count), chance.randrange(1, 99)) for _ in range(UPSERTS)]
    written = [(codec.headers(one, id="bench", source="bench", at=nations.AT), codec.encode(one)) for one in changed]
    calm = timed(lambda: _ids(index, prefecture(8)), 200)
    among: list[float] = []
    began = time.process_time()
    for number, (headers, value) in enumerate(written):
        index.put(codec.decode(headers, value))  # type: ignore[arg-type]  # what we wrote above
        if number % 25 == 0:
            at = time.perf_counter()
            _ids(index, prefecture(8))
            among.append((time.perf_counter() - at) * 1_000)
    share = (time.process_time() - began) / UPSERTS * 1_000 * 100
    yield Result(
        name="matching.upserts",
        work="1,000 upserts a second, decoding included, of a core",
        value=round(share, 1),
        unit="%",
        goal=f"≤ {CORE_MAX} %",
        holds=share <= CORE_MAX,
    )
    yield Result(
        name="matching.meanwhile",
        work="ids of a prefecture among upserts, p99; beside: p50 without",
        value=round(percentile(among, 0.99), 3),
        unit="ms",
        peer=round(calm.ms, 3),
        ratio=round(percentile(among, 0.99) / calm.ms, 1),
        spread=f"{min(among):.3g}-{max(among):.3g} of {len(among)}",
    )
    for device in {int(one.device[16:], 16) for one in changed}:
        index.put(nation.subscription(device))


def _sharded(nation: Nation) -> Iterator[Result]:
    """The same devices in sixteen shards, as one process has them: each asked in turn."""
    _say("sixteen shards")
    shard_of = np.arange(nation.count) % SHARDS
    whole = nations.an_index(nation)
    parts: list[Index] = []
    for shard in range(SHARDS):
        members = BitMap(np.flatnonzero(shard_of == shard).astype(np.uint32))
        contents = nations.contents(nation)
        kept = {key: (BitMap.deserialize(one) & members).serialize() for key, one in contents.bitmaps.items()}
        table = contents.table.copy()
        table["known"] = table["reachable"] = shard_of == shard
        parts.append(Index.of(contents._replace(bitmaps=kept, table=table), nation.above))
    for query in _queries(nation):
        ours = timed(partial(_of_all, parts, query.area), ROUNDS * OURS_A_ROUND)
        assert _of_all(parts, query.area) == len(_ids(whole, query.area))
        yield Result(
            name=f"matching.{query.name}.sharded",
            work=f"ids of {query.work}, sixteen shards in turn",
            value=round(ours.ms, 3),
            unit="ms",
            spread=str(ours),
        )


def _of_all(parts: Sequence[Index], where: AreaCode) -> int:
    return sum(len(_ids(one, where)) for one in parts)


def _ids(index: Index, where: AreaCode) -> np.ndarray:
    return np.frombuffer(index.match(where, HAZARD, RANK, None).to_array(), np.uint32)


def _tokens(nation: Nation, index: Index, where: AreaCode) -> int:
    """Lots of 500 tokens of a fixed width, one after the other in one buffer; how many tokens."""
    found = _ids(index, where)
    width = nation.tokens.shape[1]
    buffer = np.empty((LOT, width), np.uint8)
    count = 0
    for at in range(0, len(found), LOT):
        some = found[at : at + LOT]
        lot = nation.tokens.take(some, axis=0, out=buffer[: len(some)], mode="clip").data
        count += lot.nbytes // width
    return count


def _names(index: Index, where: AreaCode) -> int:
    names = index.devices(index.match(where, HAZARD, RANK, None))
    return sum(len(names[at : at + LOT]) for at in range(0, len(names), LOT))


def _compared(name: str, work: str, ours: Timed, peer: Timed, least: float | None) -> Result:
    ratio = peer.ms / ours.ms
    return Result(
        name=name,
        work=work,
        value=round(ours.ms, 4),
        unit="ms",
        peer=round(peer.ms, 3),
        ratio=round(ratio, 1),
        spread=f"{ours}; peer {peer}",
        goal="" if least is None else f"≥ {least:g} times",
        holds=None if least is None else ratio >= least,
    )
