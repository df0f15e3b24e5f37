"""Which of several gateways raises the alarms that all of them see: the one member of group `alarms` that has its partition."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.eventlog.port import Consumer, EventLog, GroupInUse
from services.runtime.clock import Clock
from services.runtime.consuming import commit

GROUP = "alarms"
TOPIC = "registry"
"""One partition, few records: a member of a group must follow something, and here that is next to nothing."""
STAND_BY_S = 1.0


@dataclass(slots=True, kw_only=True)
class Duty:
    """`is_ours`: whether this gateway is the one, as far as it knows."""

    log: EventLog
    clock: Clock
    is_ours: bool = False

    async def run(self) -> None:
        """Be ready to take over until cancelled."""
        while True:
            try:
                await self._stand_by()
            except GroupInUse:  # another gateway of this process
                await self.clock.sleep(STAND_BY_S)

    async def _stand_by(self) -> None:
        async with self.log.consume(GROUP, (TOPIC,), release=self._let_go) as member, asyncio.TaskGroup() as group:
            group.create_task(self._follow(member))
            places: frozenset[tuple[str, int]] = frozenset()
            while True:
                places = await member.changed(places)
                self.is_ours = bool(places)

    async def _let_go(self) -> None:
        self.is_ours = False

    async def _follow(self, member: Consumer) -> None:
        """Finish what comes, so that the group holds nothing back."""
        while True:
            await commit(member, await member.fetch(), (), group=GROUP, clock=self.clock)
