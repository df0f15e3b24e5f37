"""One clock for everything: whoever is told a rehearsal's time takes all of it from there, and live takes none."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from services import onehost
from services.eventlog.open import open_log
from services.eventlog.port import Message
from services.feedserver.api.server import FeedServer
from services.gateway.channels import loopback
from services.gateway.pushing import account_of
from services.runtime.clock import ClockInvalid
from services.runtime.settings import SettingInvalid, read

THEN = datetime(2026, 9, 1, 11, tzinfo=UTC)


async def test_live_is_never_given_a_clock_of_its_own(tmp_path: Path) -> None:
    settings = read({"feeds": "live", "clock": "2026-09-01T20:00:00+09:00x1000", "data_dir": str(tmp_path / "new")}, {})
    with pytest.raises(ClockInvalid, match="real warnings are judged by the machine's own time"):
        await onehost.run(settings, print)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("engine", ["memory:", "sqlite:{}/log.db"])
async def test_records_are_stamped_with_the_time_that_the_log_was_given(engine: str, tmp_path: Path) -> None:
    async with open_log(engine.format(tmp_path), now=lambda: THEN) as log:
        await log.append("office", [Message(key="i", value=b"{}", id="1")])
        assert [record.appended_at for record in await log.read("office", 0)] == [THEN]


def test_the_feed_server_dates_its_answers_by_its_clock() -> None:
    with FeedServer(clock=lambda: THEN) as server, urlopen(f"{server.base_url}/developer/xml/feed/extra.xml") as answer:
        assert parsedate_to_datetime(answer.headers["Date"]) == THEN


def test_live_never_sends_to_a_stand_in() -> None:
    with pytest.raises(SettingInvalid, match="a stand-in reaches nobody"):
        account_of(read({"feeds": "live", "phones": "http://127.0.0.1:1"}, {}), "")


def test_a_rehearsal_sends_to_the_stand_in_it_is_given() -> None:
    account = account_of(read({"feeds": "http://127.0.0.1:1", "phones": "http://127.0.0.1:2"}, {}), "")
    assert account is not None
    assert account.project == loopback.PROJECT
