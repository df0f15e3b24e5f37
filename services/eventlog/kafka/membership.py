"""One member of a group on Kafka: which partitions are its own now, how far the group has come in them, and its commits.

The member's aiokafka consumer does two things only: it keeps the membership alive (it is polled all the time, with every
partition paused) and commits. Records come through the lanes of `reading.py`. Who is alone in a group joins nothing: it
is given every partition and only commits.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.eventlog.kafka.reading import consumer, stopped
from services.eventlog.kafka.wire import Address
from services.eventlog.port import BEFORE_FIRST, LogUnavailable, Release
from services.eventlog.progress import Place

SESSION_MS = 6_000
"""How long a dead member keeps its partitions: Kafka's own least."""
HEARTBEAT_MS = 1_500
REBALANCE_MS = 15_000
RELEASE_S = 8.0
"""How long a member may take to let go of its partitions."""
POLL_MS = 500
RETRY_S = 0.2
REJOIN_MAX_S = 20.0
"""How long a member may be without an answer what is its own, before its client is taken for stuck and made anew."""
COMMIT_MAX_S = 20.0
"""The same for a commit."""
SURE_S = 2.0
"""How long the coordinator's word counts that we are a member. A member counts as alive for `SESSION_MS` after it was
heard: what is written within the rest of that is in the log before anybody else is given its partitions."""

_log = logging.getLogger("hansho.eventlog")


class Member(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """A member of one group. `given` is awaited with every new set of places and what was committed there."""

    def __init__(
        self,
        address: Address,
        group: str,
        places: Sequence[Place],
        *,
        alone: bool = True,
        committed: Callable[[], Awaitable[Mapping[Place, int]]] | None = None,
        given: Callable[[Mapping[Place, int]], Awaitable[None]] | None = None,
        closing: Callable[[], None] = lambda: None,
        taken: Callable[[], None] = lambda: None,
        release: Release | None = None,
        quiet: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`committed` answers {place: offset after the last finished record} of the group.

        `closing`: nothing more is to be handed out; then `release` finishes what can be, `quiet` returns when what was
        handed to the brokers is acknowledged, and after `taken` nothing is ours.
        """
        self._address = address
        self._group = group
        self._places = places
        self._alone = alone
        self._read_committed = committed
        self._given = given
        self._closing = closing
        self._taken = taken
        self._release = release
        self._quiet = quiet
        self._sure_at = -math.inf
        self._client: AIOKafkaConsumer | None = None
        self._assigned: set[TopicPartition] | None = None
        self._heard_at = 0.0
        self._moved = asyncio.Event()
        self._joined = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.rebalances = 0
        self.rebuilds = 0

    async def join(self) -> None:
        """Become a member; returns once it is known which partitions are ours, be it none."""
        self._task = asyncio.create_task(self._run())
        joined = asyncio.create_task(self._joined.wait())
        try:
            await asyncio.wait([joined, self._task], return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                self._task.result()
        except BaseException:
            await self.leave()
            raise
        finally:
            joined.cancel()

    async def leave(self) -> None:
        """Leave the group, so that others take over at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._close()

    async def commit(self, offsets: Mapping[Place, int]) -> bool:
        """Commit {place: offset after the last finished record}; False when the partitions are no longer ours."""
        told = {self._address.partition(place): offset for place, offset in offsets.items()}
        while True:
            client = self._client
            try:
                if client is None and self._alone:
                    await self._open()
                if client is not None:
                    asked_at, assigned = asyncio.get_running_loop().time(), self._assigned
                    async with asyncio.timeout(COMMIT_MAX_S):
                        await client.commit(told)
                    if assigned is not None and assigned is self._assigned:
                        self._sure_at = max(self._sure_at, asked_at)
                    return True
            except (CommitFailedError, IllegalStateError):
                return False  # whoever has them now does it again
            except Exception as error:  # noqa: BLE001 - aiokafka's connections raise RuntimeError too
                _log.warning("group %s could not commit yet: %r", self._group, error)
                if self._alone and self._client is client:
                    await self._reopen()
            await asyncio.sleep(RETRY_S)

    def is_sure(self) -> bool:
        """Whether the coordinator said a moment ago that our partitions are ours."""
        return asyncio.get_running_loop().time() - self._sure_at < SURE_S

    async def _reopen(self) -> None:
        """Make the client of a lone member anew; one that is in a group is watched by `_poll`."""
        self.rebuilds += 1
        await self._close()
        try:
            await self._open()
        except (KafkaError, OSError) as error:
            _log.warning("group %s has no client yet: %r", self._group, error)

    # --- its life ---

    async def _run(self) -> None:
        while True:
            try:
                if self._client is None:
                    await self._open()
                if self._alone:
                    return await self._begin(self._places)
                await self._poll()
            except Exception as error:  # noqa: BLE001 - whatever its client does, a member must come back
                self.rebuilds += 1
                _log.warning("the member of group %s is rebuilt: %r", self._group, error)
                await self._lose()
                await self._close()
                await asyncio.sleep(RETRY_S)

    async def _open(self) -> None:
        made = consumer(
            self._address,
            group_id=self._address.group(self._group),
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            max_poll_interval_ms=300_000,
            request_timeout_ms=20_000,
            fetch_max_wait_ms=100,
            partition_assignment_strategy=(StickyPartitionAssignor,),
        )
        if self._alone:
            partitions = [self._address.partition(place) for place in self._places]
            made.assign(partitions)
            made.pause(*partitions)
        else:
            made.subscribe(sorted({self._address.topic(topic) for topic, _ in self._places}), listener=self)
        self._assigned = None
        try:
            await made.start()  # from here on the group may say what is ours
        except BaseException:
            await stopped(made)
            raise
        self._client = made
        self._heard_at = asyncio.get_running_loop().time()

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await stopped(client, 5.0)

    async def _poll(self) -> None:
        assert self._client is not None
        loop = asyncio.get_running_loop()
        if self._assigned is not None:
            self._heard_at = loop.time()
        elif loop.time() - self._heard_at > REJOIN_MAX_S:
            raise KafkaError("nobody says what is ours")
        if self._moved.is_set():
            self._moved.clear()
            if self._assigned is not None:
                self._client.pause(*self._assigned)
                await self._begin([self._address.place(one) for one in self._assigned])
        polling = asyncio.ensure_future(self._client.getmany(timeout_ms=POLL_MS))
        moving = asyncio.ensure_future(self._moved.wait())
        try:
            await asyncio.wait([polling, moving], return_when=asyncio.FIRST_COMPLETED)
            if polling.done():
                polling.result()
        finally:
            for one in (polling, moving):
                one.cancel()
            await asyncio.gather(polling, moving, return_exceptions=True)

    async def _begin(self, places: Iterable[Place]) -> None:
        """These are ours now: know how far the group has come, and register it where it is new."""
        ours = tuple(places)
        while True:
            if self._read_committed is None or self._given is None:
                return self._joined.set()  # who only commits need not know
            try:
                known = await self._read_committed()
                fresh = {place: 0 for place in ours if place not in known}
                if fresh and not await self.commit(fresh):
                    return None  # they went to somebody else at once
                await self._given({place: known[place] - 1 if place in known else BEFORE_FIRST for place in ours})
            except LogUnavailable:
                await asyncio.sleep(RETRY_S)
            else:
                self._joined.set()
                return None

    # --- what the group's coordinator says ---

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Partitions may go to another member after this."""
        self._assigned = None
        if set(revoked):
            self.rebalances += 1
            await self._lose()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """These are ours."""
        self._assigned = set(assigned)
        self._sure_at = -math.inf
        self._moved.set()

    async def _lose(self) -> None:
        self._closing()
        self._sure_at = -math.inf
        try:
            async with asyncio.timeout(RELEASE_S):
                if self._release is not None:
                    await self._release()
                if self._quiet is not None:
                    await self._quiet()
        except TimeoutError:
            _log.warning("group %s let go of its partitions unfinished", self._group)
        self._taken()
