"""JMA's feeds without a socket: what is published is asked for through the client's own transport, or is not to be had."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Protocol

import httpx

from services.feedserver.core.answer import Request, answer
from services.feedserver.core.feeds import empty_shelf
from services.feedserver.core.notices import NOTICE, NOTICE_SUFFIX, NOTICE_TYPE, notice_telegram
from services.feedserver.core.published import Published, published
from services.feedserver.core.telegrams import Heading
from tests.scenario.jma import REAL

BASE = "http://127.0.0.1:1"


class Clock(Protocol):
    """What is needed of one."""

    def now(self) -> datetime:
        """The time."""
        ...


def a_notice(now: datetime) -> Published:
    """What stands in the second feed: an empty one would be an alarm."""
    heading = Heading(
        form=NOTICE,
        title=NOTICE.control_title,
        status=REAL,
        editorial_office="気象庁",
        publishing_office="気象庁",
        sent_at=now,
        reported_at=now,
        headline="お知らせ",
        event_id=f"{now:%Y%m%d%H%M%S}",
    )
    made = notice_telegram(heading, "架空のお知らせです。")
    return published(heading, made, topic="eqvol", kind=NOTICE_TYPE, suffix=NOTICE_SUFFIX)


class Feeds(httpx.AsyncBaseTransport):
    """The shelf, and the line to it."""

    def __init__(self, clock: Clock) -> None:
        """Open, with a notice on the second feed."""
        self.clock = clock
        self.cut = False
        self._shelf = empty_shelf(clock.now())
        self.publish(a_notice(clock.now()))

    def publish(self, item: Published) -> None:
        """Put a telegram into its feed."""
        self._shelf = self._shelf.with_published([item])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, unless the line is cut."""
        if self.cut:
            msg = "the line is cut"
            raise httpx.ConnectError(msg, request=request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = answer(Request(path=request.url.path, headers=headers), self._shelf, BASE)
        date = {"Date": format_datetime(self.clock.now(), usegmt=True)}
        return httpx.Response(found.status, headers={**found.headers, **date}, stream=httpx.ByteStream(found.body))
