"""Whom a draft would reach: as many as are told when it is issued."""

from __future__ import annotations

from datetime import time

import pytest

from schemas.alert import Alert, MsgType, Origin, Status
from schemas.notification import Reach
from schemas.subscription import Language, QuietHours
from services.dispatcher.core.force import Moment
from services.dispatcher.core.pending import Waiting
from services.dispatcher.core.reach import case_of, drafted, reach
from services.dispatcher.core.rules import PushRule, Rules
from services.dispatcher.core.situation import Situation, seed
from tests.factories import HACHIOJI, ODAWARA, ZUSHI, a_device, an_alert, an_info, at
from tests.unit.dispatcher.core.telling import Shard

WATCH = frozenset({ODAWARA, ZUSHI})
NIGHT = time(23)
ASLEEP = QuietHours(start=time(22), end=time(6))


def a_shard() -> Shard:
    shard = Shard()
    shard.follow(
        a_device("anna"),
        a_device("ben", language=Language.EN, more=((ZUSHI, 3),)),
        a_device("carl", min_rank=5),
        a_device("dora", ZUSHI),
        a_device("erik", quiet=ASLEEP),
        a_device("fred", address=None),
        a_device("gina", HACHIOJI),
    )
    return shard


def counted(shard: Shard, draft: Alert, rules: Rules | None = None) -> Reach | None:
    situation = seed(shard.streams) if shard.streams else Situation()
    found = drafted(draft, situation, WATCH, Moment(now=draft.sent, leases={}), {})
    if found is None:
        return None
    case = case_of(*found, {}, shard=3, now=draft.sent, japan_time=NIGHT, waiting=Waiting())
    return reach(case, shard.index, shard.ledger, rules or Rules(), shard.tally)


def test_it_counts_by_area_language_and_channel_and_who_is_left_out() -> None:
    draft = an_alert(0, an_info(level=3, areas=(ODAWARA, ZUSHI)))
    assert counted(a_shard(), draft) == Reach(
        devices=3,
        by_area=((ODAWARA, 2), (ZUSHI, 2)),
        by_language=(("en", 1), ("ja", 2)),
        by_channel=(("fcm", 3),),
        unreachable=1,
        asleep=1,
    )


@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_it_is_as_many_as_are_told_then(level: int) -> None:
    shard = a_shard()
    shard.says(an_alert(0, an_info(level=3)), hour=NIGHT)
    draft = an_alert(5, an_info(level=level, areas=(ODAWARA, ZUSHI)))
    found = counted(shard, draft)
    assert found is not None
    assert found.devices == len(shard.says(draft, hour=NIGHT))


def test_an_end_reaches_whoever_was_told_and_a_draft_changes_nothing() -> None:
    shard = a_shard()
    shard.says(an_alert(0, an_info(level=4)), hour=NIGHT)
    before = dict(shard.ledger.runs())
    assert counted(shard, an_alert(5, an_info(released=True))) == Reach(
        devices=3, by_area=((ODAWARA, 3),), by_language=(("en", 1), ("ja", 2)), by_channel=(("fcm", 3),)
    )
    assert dict(shard.ledger.runs()) == before


def test_the_city_s_rules_count_and_what_says_nothing_new_reaches_nobody() -> None:
    shard = a_shard()
    strict = Rules(push=(PushRule(min_rank=4),))
    assert counted(shard, an_alert(0, an_info(level=3)), strict) == Reach(devices=0, unreachable=1, asleep=1)
    quake = an_alert(0, an_info("quake", level=None))
    assert counted(shard, quake) == Reach(devices=0)


def test_an_old_quake_is_no_news() -> None:
    shard = a_shard()
    draft = an_alert(0, an_info("quake", level=3))
    found = drafted(draft, Situation(), WATCH, Moment(now=at(30), leases={}), {})
    assert found is not None
    case = case_of(*found, {}, shard=3, now=at(30), japan_time=NIGHT, waiting=Waiting())
    assert reach(case, shard.index, shard.ledger, Rules(), shard.tally) == Reach(devices=0)


def test_tests_and_what_takes_back_what_is_not_known_reach_nobody() -> None:
    assert counted(a_shard(), an_alert(0, status=Status.TEST)) is None
    withdrawal = an_alert(0, msg_type=MsgType.CANCEL, origin=Origin.OFFICE)
    assert counted(a_shard(), withdrawal) in {None, Reach(devices=0)}
