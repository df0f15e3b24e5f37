"""The whole chain as a person feels it: from the telegram that the feed server gave out to the message a phone's service took.

Real processes: `hansho run` on SQLite, the feed server's sockets, the unmodified SDK, the stand-in for phones. Peer: the
SDK alone, given the same messages at once, sending to the same stand-in. The wait for the next poll is not in it: it is
JMA's and ours to choose.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.eventlog.open import open_log
from services.feedserver.api.server import FeedServer
from services.feedserver.core.answer import Request, Response
from services.feedserver.core.published import DATA_PATH
from services.gateway.channels import loopback
from services.gateway.channels.fcm import Fcm
from services.gateway.channels.worker import SLICE
from services.gateway.core.sending import Push, Sending
from services.runtime import records
from tests.bench.result import Result, middle, percentile, spread
from tests.crash.city import Person
from tests.e2e.processes import hansho, started
from tests.factories import ODAWARA
from tests.scenario.feeds import a_notice
from tests.scenario.jma import Jma
from tests.scenario.timeline import Publishes

MANY = 5_000
ROUNDS_ONE, ROUNDS_MANY = 15, 2
"""Each round is a warning and its end: two messages a phone."""
WAIT_S = 120.0
LOOK_EVERY_S = 0.02
APART_S = 1.1
"""Telegrams are named by the second."""
ONE_MS_MAX = 1_000
RATIO_MAX = 1.5


class NotingServer(FeedServer):
    """The feed server, which notes when a telegram was first given out."""

    served: dict[str, float]

    def respond(self, request: Request) -> Response:
        """Answer."""
        answer = super().respond(request)
        if request.path.startswith(DATA_PATH):
            self.served.setdefault(request.path, time.time())
        return answer


@dataclass(slots=True)
class Phones:
    """The stand-in's record of what it took, as it writes it."""

    path: Path
    _read: int = 0
    _lines: list[str] = field(default_factory=list)

    def next(self, count: int) -> list[float]:
        """When each of the next so many messages was taken (seconds since 1970)."""
        until = time.monotonic() + WAIT_S
        while len(self._lines) < count:
            assert time.monotonic() < until, f"{len(self._lines)} of {count} messages came"
            time.sleep(LOOK_EVERY_S)
            with self.path.open(encoding="utf-8") as file:
                file.seek(self._read)
                text = file.read()
            whole = text[: text.rfind("\n") + 1]
            self._read += len(whole.encode())
            self._lines += whole.splitlines()
        lines, self._lines = self._lines[:count], self._lines[count:]
        return [datetime.fromisoformat(json.loads(line)["at"]).timestamp() for line in lines]


def measured() -> Iterator[Result]:
    """p50 and p99 for one phone, and for the last of very many."""
    one_ms, one_peer_ms = _figures(1, ROUNDS_ONE)
    many_ms, many_peer_ms = _figures(MANY, ROUNDS_MANY)
    p99 = percentile(one_ms, 0.99)
    yield _result("chain.one.p50", "served → accepted, one phone, p50", middle(one_ms), one_ms, one_peer_ms)
    yield _result("chain.one.p99", "the same, p99", p99, one_ms, one_peer_ms, f"≤ {ONE_MS_MAX} ms", p99 <= ONE_MS_MAX)
    last = middle(many_ms)
    held = last / middle(many_peer_ms) <= RATIO_MAX
    work = f"served → accepted, last of {MANY:,}"
    yield _result("chain.last.p50", f"{work}, p50", last, many_ms, many_peer_ms, f"ratio ≤ {RATIO_MAX}", held)
    yield _result("chain.last.p99", "the same, p99", percentile(many_ms, 0.99), many_ms, many_peer_ms)


def _result(
    name: str,
    work: str,
    value: float,
    all_ms: list[float],
    peers_ms: list[float],
    goal: str = "",
    holds: bool | None = None,
) -> Result:
    peer = middle(peers_ms)
    return Result(
        name=name,
        work=work,
        value=round(value, 1),
        unit="ms",
        peer=round(peer, 1),
        ratio=round(value / peer, 3),
        spread=spread(all_ms),
        goal=goal,
        holds=holds,
    )


def _figures(devices: int, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds until the last of so many phones has it, for each message; and the SDK's alone."""
    with tempfile.TemporaryDirectory(prefix="hansho-bench-") as folder, _city(Path(folder), devices) as (feeds, book):
        ours = list(_rounds(feeds, book, devices, rounds))
    with tempfile.TemporaryDirectory(prefix="hansho-bench-") as folder:
        access_log = Path(folder) / "phones.log"
        with started(*hansho("phones", "--access-log", str(access_log))) as program:
            url = program.line_with(r"phones (http://\S+)")[1]
            peers = [asyncio.run(_sdk_alone(url, devices)) for _ in range(rounds)]
    return ours, peers


@contextmanager
def _city(folder: Path, devices: int) -> Iterator[tuple[NotingServer, Phones]]:
    """A running city with so many devices."""
    asyncio.run(_settle(folder, devices))
    access_log = folder / "phones.log"
    feeds = NotingServer()
    feeds.served = {}
    with feeds, started(*hansho("phones", "--access-log", str(access_log))) as phones:
        feeds.publish(a_notice(datetime.now(UTC)))
        url = phones.line_with(r"phones (http://\S+)")[1]
        options = ("--feeds", feeds.base_url, "--phones", url, "--poll-every", "0.5", "--port", "0")
        with started(*hansho("run", *options, "--data-dir", str(folder))) as program:
            program.line_with(r"ready after")
            yield feeds, Phones(access_log)


async def _settle(folder: Path, devices: int) -> None:
    now = datetime.now(UTC)
    people = (Person(device=f"d{number:05}", number=number, before=ODAWARA, after=None) for number in range(devices))
    wishes = [one.wish(ODAWARA, now) for one in people]
    made = [records.message(one, key=one.device, id=f"{one.device}:0", source="bench", at=now) for one in wishes]
    async with open_log(f"sqlite:{folder / 'hansho.db'}") as log:
        await log.append("subscriptions", made)


def _rounds(feeds: NotingServer, book: Phones, devices: int, rounds: int) -> Iterator[float]:
    jma = Jma()
    for _ in range(rounds):
        for in_force in ((("レベル４大雨危険警報", ("小田原市",)),), ()):
            telegram = jma.writes(Publishes(family="大雨", in_force=in_force), datetime.now(UTC))
            feeds.publish(telegram)
            accepted = book.next(devices)
            yield (max(accepted) - feeds.served[telegram.path]) * 1_000
            time.sleep(APART_S)


async def _sdk_alone(url: str, devices: int) -> float:
    """Milliseconds until the SDK has sent so many messages, as many at a time as a lane does."""
    channel = await Fcm(loopback.account(url)).start()
    now = datetime.now(UTC)
    push = Push(
        title="【警戒レベル４】小田原市 大雨",
        body="危険な場所から全員避難してください。",
        tag="hansho-bench",
        ttl_s=3_600,
        sent_at=now,
        expires_at=now + timedelta(hours=1),
        urgent=True,
    )
    sendings = iter([Sending(device=f"d{n:05}", address=f"at-d{n:05}", push=push) for n in range(devices)])

    async def lane() -> None:
        while batch := [one for _, one in zip(range(SLICE), sendings, strict=False)]:
            await channel.send(batch)

    began = time.time()
    await asyncio.gather(*(lane() for _ in range(max(1, channel.parallel // SLICE))))
    took_ms = (time.time() - began) * 1_000
    await channel.close()
    return took_ms
