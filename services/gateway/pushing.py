"""The push part of the gateway, wired: two lanes, each with channels of its own, and what they know.

The demo sends to our stand-in on this machine and to nothing else; every other run to FCM, once there are credentials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter

from schemas.alert import Alert
from schemas.area import City
from schemas.notification import Reach
from schemas.subscription import Channel
from services.eventlog.port import EventLog, EventLogError
from services.gateway.api import operator
from services.gateway.channels import lanes, loopback
from services.gateway.channels.dry_run import DryRun
from services.gateway.channels.fcm import Account, Fcm, account_from
from services.gateway.channels.lanes import Lane, Traffic
from services.gateway.channels.port import PushChannel
from services.gateway.channels.worker import Worker
from services.gateway.core import console, sends
from services.gateway.core.audience import Audience, audience
from services.gateway.core.view import View
from services.gateway.core.wording import Names
from services.gateway.store.addresses import Addresses
from services.gateway.store.asking import Asking
from services.gateway.store.projection import Projection
from services.gateway.store.receipts import Receipts
from services.runtime import logs
from services.runtime.clock import Clock
from services.runtime.reporting import Reporter
from services.runtime.settings import SettingInvalid, Settings

SHOWN_MAX = 20
"""Sends on the office's page, the newest."""

DISPATCHER = "service:dispatcher"
"""Whose report says that somebody can count."""

_log = logs.get("gateway")


@dataclass(slots=True, kw_only=True)
class PushPart:
    """What runs for pushes in one gateway."""

    log: EventLog
    clock: Clock
    account: Account | None
    needs: Channel
    view: Callable[[], View]
    bell: Callable[[], asyncio.Event]
    names: Names
    addresses: Addresses
    receipts: Receipts
    router: APIRouter
    asking: Asking

    async def run(self) -> None:
        """Follow and send until cancelled."""
        if self.account is None and self.needs is Channel.FCM:
            _log.error("push.no.channel", code="E5401", hint="name a service account's file: see `hansho settings`")
        traffic = Traffic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.addresses.run())
            group.create_task(self.receipts.run())
            for lane in (lanes.EMERGENCY, lanes.ROUTINE):
                group.create_task(self._work(lane, traffic))

    def sendings(self) -> Sequence[console.Sending]:
        """How far the newest sends are, for the office's pages."""
        return sends.shown(self.receipts.sends, self.view().mirror.streams, SHOWN_MAX)

    async def reach(self, draft: Alert) -> Reach | None:
        """Whom a draft would be pushed to; None where no dispatcher has been heard of, or the log takes no questions."""
        if DISPATCHER not in self.view().reports:
            return None
        try:
            return await self.asking.reach(draft)
        except (EventLogError, TimeoutError):
            return None

    async def _work(self, lane: Lane, traffic: Traffic) -> None:
        channels = await self._channels()
        worker = Worker(
            lane=lane,
            log=self.log,
            clock=self.clock,
            channels=channels,
            view=self.view,
            bell=self.bell,
            addresses=self.addresses,
            receipts=self.receipts,
            names=self.names,
            reporter=Reporter("gateway", self.clock),
            traffic=traffic,
            needs=self.needs,
        )
        try:
            await worker.run()
        finally:
            for channel in channels.values():
                await channel.close()

    async def _channels(self) -> Mapping[Channel, PushChannel]:
        """A lane's own: nothing of the other lane stands in its way."""
        dry = DryRun()
        if self.account is None:
            return {dry.kind: dry}
        fcm = await Fcm(self.account).start()
        return {dry.kind: dry, fcm.kind: fcm}


def account_of(settings: Settings, phones: str) -> Account | None:
    """Who we are for FCM: nobody but the stand-in's (at `phones`) in a demo and where one is named.

    Raises `CredentialsUnusable`, `NotLoopback`, and `SettingInvalid` where live is given a stand-in.
    """
    if settings.phones and settings.is_live:
        msg = f"phones={settings.phones!r}: live tells people, and a stand-in reaches nobody; leave it out"
        raise SettingInvalid(msg)
    if settings.is_demo or settings.phones:
        return loopback.account(phones or settings.phones) if phones or settings.phones else None
    return account_from(Path(settings.fcm_credentials)) if settings.fcm_credentials else None


def build(
    settings: Settings,
    log: EventLog,
    clock: Clock,
    city: City,
    names: Names,
    *,
    projection: Projection,
    phones: str = "",
) -> PushPart:
    """Join the parts. `names`: of areas; `projection`: the gateway's situation; `phones`: where the stand-in listens."""
    receipts = Receipts(log=log, clock=clock)
    asking = Asking(log=log, clock=clock)
    return PushPart(
        log=log,
        clock=clock,
        account=account_of(settings, phones),
        # a demo has its stand-in, or is a test that sends nothing
        needs=Channel.DRY_RUN if settings.is_demo else Channel.FCM,
        view=projection.view,
        bell=projection.bell,
        names=names,
        addresses=Addresses(log=log, clock=clock),
        receipts=receipts,
        router=operator.router(lambda: receipts.sends, asking, clock, counted=_counted(asking, city, names)),
        asking=asking,
    )


def _counted(asking: Asking, city: City, names: Names) -> operator.Counts:
    async def counts(draft: Alert) -> Audience | None:
        found = await asking.reach(draft)
        return None if found is None else audience(found, city.class20, names)

    return counts
