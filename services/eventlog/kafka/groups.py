"""Groups as the brokers know them: which there are, how far they have come, and forgetting one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DeleteGroupsRequest

from services.eventlog.kafka.reading import ASK_MAX_S, SILENT
from services.eventlog.kafka.wire import Address
from services.eventlog.port import EventLogError, LogBroken, LogUnavailable
from services.eventlog.progress import Place

Positions = dict[Place, int]
"""The offset after the last finished record."""
_NONE_OF_THAT_NAME = 69
_TRIES = 20
"""A member that has just left may still count for a moment."""


class Office:
    """Where groups are looked up. Each question may fail with `LogUnavailable`."""

    def __init__(self, address: Address) -> None:
        """Call `start` before asking."""
        self._address = address
        self.admin = AIOKafkaAdminClient(bootstrap_servers=address.servers, request_timeout_ms=5_000)

    async def start(self) -> None:
        """Connect."""
        await self.admin.start()

    async def stop(self) -> None:
        """Let go. On Python 3.11 its client may wait for ever for a task of its own whose end was swallowed."""
        with contextlib.suppress(KafkaError, OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(ASK_MAX_S):
                await self.admin.close()

    async def renew(self) -> None:
        """Make the client anew: one whose own tasks have died never answers again."""
        old, self.admin = (
            self.admin,
            AIOKafkaAdminClient(bootstrap_servers=self._address.servers, request_timeout_ms=5_000),
        )
        with contextlib.suppress(KafkaError, OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(ASK_MAX_S):
                await old.close()
        with contextlib.suppress(KafkaError, OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(ASK_MAX_S):
                await self.admin.start()

    async def names(self) -> list[str]:
        """The groups of this log."""
        start = self._address.group("")
        async with _answered():
            brokers = [one["node_id"] for one in (await self.admin.describe_cluster())["brokers"]]
            if not brokers:  # none counts as alive now: that is no answer, and not an empty list
                raise LogUnavailable(SILENT.format("no broker is alive"))
            listed = await self.admin.list_consumer_groups(brokers)
        return sorted(name.removeprefix(start) for name, *_ in listed if name.startswith(start))

    async def positions(self, group: str) -> Positions:
        """How far a group has come; empty for one that is not registered."""
        async with _answered():
            found = await self.admin.list_consumer_group_offsets(self._address.group(group))
        return {self._address.place(one): at.offset for one, at in found.items() if at.offset >= 0}

    async def all(self, named: Collection[str] = ()) -> dict[str, Positions]:
        """How far each has come."""
        names = sorted(named) if named else await self.names()
        found = await asyncio.gather(*(self.positions(name) for name in names))
        return {name: positions for name, positions in zip(names, found, strict=True) if positions}

    async def forget(self, group: str) -> bool:
        """Remove a group's positions; False when there are none."""
        if group not in await self.names():
            return False
        name = self._address.group(group)
        code = 0
        for _ in range(_TRIES):
            async with _answered():
                coordinator = await self.admin.find_coordinator(name)
                # aiokafka speaks this request and has no method for it
                answer = await self.admin._send_request_to_node(coordinator, DeleteGroupsRequest([name]))  # noqa: SLF001
            code = answer.results[0][1]
            if code in {0, _NONE_OF_THAT_NAME}:
                return bool(code == 0)
            await asyncio.sleep(ASK_MAX_S / _TRIES)
        raise LogBroken(f"Group {group} cannot be forgotten now: {for_code(code).__name__}. Has it a member somewhere?")

    async def delete_below(self, offsets: Positions) -> None:
        """Delete the records below these offsets."""
        if offsets:
            async with _answered():
                await self.admin.delete_records(
                    {self._address.partition(place): RecordsToDelete(before_offset=at) for place, at in offsets.items()}
                )


@asynccontextmanager
async def office(address: Address) -> AsyncIterator[Office]:
    """One for a while; raises `LogUnavailable` when nobody answers."""
    made = Office(address)
    try:
        async with _answered():
            await made.start()
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(2 * ASK_MAX_S):
            yield
    except EventLogError:
        raise
    except Exception as error:  # aiokafka's connections raise RuntimeError too
        raise LogUnavailable(SILENT.format(repr(error))) from error
