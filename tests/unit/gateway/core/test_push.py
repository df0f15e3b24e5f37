"""Before each attempt: what still holds, where it goes, and the message that it becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.alert import (
    Alert,
    Area,
    Category,
    Certainty,
    Drill,
    Info,
    InfoState,
    MsgType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from schemas.area import AreaCode
from schemas.lifecycle import Stream, fold
from schemas.notification import Change, Item, Notice, Order, Outcome
from schemas.subscription import Channel, Language, Permission
from services.gateway.core.push import (
    MALFORMED,
    ORDER_AGE_MAX,
    Address,
    Fate,
    Known,
    doubted,
    fate,
    fingerprint,
    push_of,
    tag,
    target,
    valid_until,
)
from services.gateway.core.said import Place, Word, put
from services.gateway.core.sending import Attempt, Verdict
from tests.unit.gateway.core.notices import HIRATSUKA, NAMES, ODAWARA, STREAM, item, notice

NOW = datetime(2026, 9, 1, 13, 41, tzinfo=UTC)
HOUR = timedelta(hours=1)


def block(
    hazard: str = "landslide",
    *,
    rank: int | None = 4,
    area: AreaCode | None = ODAWARA,
    expires: datetime | None = None,
    state: InfoState = InfoState.ACTIVE,
) -> Info:
    return Info(
        category=Category.MET,
        event="レベル４土砂災害危険警報",
        hazard=hazard,
        state=state,
        rank=rank,
        urgency=Urgency.UNKNOWN,
        severity=Severity.UNKNOWN,
        certainty=Certainty.UNKNOWN,
        expires=expires,
        area=(Area(area_desc="小田原市", code=area),),
    )


def stream(
    *blocks: Info, name: str = STREAM, revision: str = "r2", run: str = "", scope: Scope = Scope.PUBLIC
) -> Stream:
    alert = Alert(
        identifier=f"{name}:{revision}",
        sender="jma",
        sender_name="横浜地方気象台",
        sent=NOW,
        status=Status.EXERCISE if run else Status.ACTUAL,
        msg_type=MsgType.ALERT,
        scope=scope,
        source="jma",
        streams=(name,),
        revision=revision,
        drill=Drill(run=run) if run else None,
        info=blocks,
    )
    return fold(None, name, alert)


def situation(*streams: Stream) -> Known:
    said: dict[Place, tuple[Word, ...]] = {}
    for one in streams:
        put(said, None, one)
    return Known(said=said, streams={one.stream: one for one in streams})


def order(told: Notice, **more: object) -> Order:
    made = Order(
        id="cause:3:0",
        shard=3,
        language=Language.JA,
        channel=Channel.FCM,
        devices=("d1",),
        notice=told,
        decided_at=NOW,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def judged(*items: Item, now: Known, drill: bool = False) -> Fate:
    return fate(order(notice(*items, drill=drill)), now, {}, NOW)


# --- what holds ---


def test_what_still_stands_at_its_rank_is_sent() -> None:
    assert judged(item(), now=situation(stream(block()))) is Fate.SEND


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(situation(stream(block(rank=5))), id="it rose"),
        pytest.param(situation(stream(block(rank=3))), id="it fell"),
        pytest.param(
            situation(stream(block(), revision="r2"), stream(block(rank=5), name="jma:x")), id="another is louder"
        ),
        pytest.param(situation(stream(block(state=InfoState.RELEASED))), id="it is over"),
        pytest.param(situation(stream(block(expires=NOW))), id="it ran out"),
        pytest.param(situation(stream(block("wind"))), id="it is about something else"),
        pytest.param(situation(stream(block(area=HIRATSUKA))), id="it is about somewhere else"),
        pytest.param(situation(stream(block(area=None))), id="it names no area"),
        pytest.param(situation(stream(block(), run="run-1")), id="only a drill says so"),
        pytest.param(situation(stream(block(), scope=Scope.PRIVATE)), id="it is not for the public"),
    ],
)
def test_what_does_not_hold_any_more_is_superseded(now: Known) -> None:
    assert judged(item(), now=now) is Fate.SUPERSEDED


@pytest.mark.parametrize("change", [Change.END, Change.CANCEL])
def test_an_end_is_superseded_when_it_began_again(change: Change) -> None:
    over = situation(stream(block(state=InfoState.RELEASED)))
    assert judged(item(change), now=over) is Fate.SEND
    assert judged(item(change), now=situation(stream(block(rank=2)))) is Fate.SUPERSEDED


def test_where_one_thing_of_several_does_not_hold_nothing_is_sent() -> None:
    both = (item(), item(hazard="wind", rank=3))
    assert judged(*both, now=situation(stream(block(), block("wind", rank=3)))) is Fate.SEND
    assert judged(*both, now=situation(stream(block()))) is Fate.SUPERSEDED


def test_a_drill_is_held_against_its_own_run() -> None:
    drilled = situation(stream(block(), run="run-1"), stream(block(rank=5), name="jma:real"))
    assert judged(item(), now=drilled, drill=True) is Fate.SEND
    assert judged(item(), now=situation(stream(block(), run="run-2")), drill=True) is Fate.SUPERSEDED


def test_what_has_no_rank_is_in_force_all_the_same() -> None:
    assert judged(item(rank=1), now=situation(stream(block(rank=None)))) is Fate.SEND


def test_an_order_newer_than_the_situation_known_here_waits_for_it() -> None:
    assert judged(item(), now=situation(stream(block(), revision="r1"))) is Fate.LATER
    assert judged(item(), now=situation()) is Fate.LATER


def test_a_withdrawn_stream_says_nothing() -> None:
    gone = replace(stream(block()), standing=None)
    assert judged(item(), now=situation(gone)) is Fate.SUPERSEDED


# --- how long ---


def test_an_order_is_worth_telling_until_its_stated_end_or_its_leases_whichever_is_first() -> None:
    told = order(notice(item()), expires=NOW + 2 * HOUR, lease="jma.extra")
    assert valid_until(told, {"jma.extra": NOW + HOUR}) == NOW + HOUR
    assert valid_until(told, {}) == NOW + 2 * HOUR
    assert valid_until(order(notice(item())), {"jma.extra": NOW}) == NOW + ORDER_AGE_MAX


def test_what_ran_out_is_not_sent() -> None:
    holding = situation(stream(block()))
    told = order(notice(item()), lease="jma.extra")
    assert fate(told, holding, {"jma.extra": NOW}, NOW) is Fate.EXPIRED
    assert fate(order(notice(item()), expires=NOW), holding, {}, NOW) is Fate.EXPIRED
    assert fate(order(notice(item())), holding, {}, NOW + ORDER_AGE_MAX) is Fate.EXPIRED


def test_a_test_needs_no_situation_but_is_not_sent_late() -> None:
    told = replace(notice(), status=Status.TEST)
    assert fate(order(told), Known(), {}, NOW) is Fate.SEND
    assert fate(order(told, expires=NOW), Known(), {}, NOW) is Fate.EXPIRED


# --- where it goes ---

ADDRESS = Address(channel=Channel.FCM, value="token", given_at=NOW)


def test_a_device_is_reached_at_its_address() -> None:
    assert target(order(notice(item())), ADDRESS, {}) == "token"


@pytest.mark.parametrize(
    "address",
    [
        None,
        replace(ADDRESS, value=None),
        replace(ADDRESS, value=""),
        replace(ADDRESS, channel=Channel.DRY_RUN),
        replace(ADDRESS, permission=Permission.DENIED),
    ],
)
def test_who_cannot_be_reached_has_no_address(address: Address | None) -> None:
    assert target(order(notice(item())), address, {}) is Outcome.NO_ADDRESS


def test_a_dead_address_is_not_tried_until_the_device_gives_a_newer_one() -> None:
    told = order(notice(item()))
    dead = {fingerprint("token"): NOW + HOUR}
    assert target(told, ADDRESS, dead) is Outcome.DEAD
    assert target(told, replace(ADDRESS, given_at=None), dead) is Outcome.DEAD
    assert target(told, replace(ADDRESS, given_at=NOW + 2 * HOUR), dead) == "token"
    assert target(told, replace(ADDRESS, value="other"), dead) == "other"


def test_the_dry_run_needs_no_address() -> None:
    assert target(order(notice(item()), channel=Channel.DRY_RUN), None, {}) == ""


# --- what is sent ---


def test_a_message_lives_as_long_as_what_it_tells() -> None:
    told = order(notice(item()), expires=NOW + HOUR)
    push = push_of(told, NAMES, {}, NOW, urgent=True)
    assert (push.ttl_s, push.expires_at, push.sent_at) == (3600, NOW + HOUR, told.notice.sent)
    assert push_of(told, NAMES, {}, NOW + 2 * HOUR, urgent=True).ttl_s == 0
    assert push_of(order(notice(item()), expires=NOW + 9999 * HOUR), NAMES, {}, NOW, urgent=True).ttl_s == 2_419_200


def test_a_message_carries_what_the_app_needs_to_drop_a_repeat_and_fetch_the_truth() -> None:
    data = push_of(order(notice(item(), item(hazard="wind"))), NAMES, {}, NOW, urgent=True).data
    assert data == {
        "alert": "VPWW56:140000:r2",
        "revision": "r2",
        "stream": STREAM,
        "sent": "2026-09-01T13:40:00+00:00",
        "language": "ja",
        "drill": "",
        "change": "new",
        "hazard": "landslide",
        "area": "class20:1420600",
        "rank": "4",
        "level": "4",
        "origin": "official",
        "items": "2",
    }
    assert "level" not in push_of(order(notice(item(level=None))), NAMES, {}, NOW, urgent=True).data
    assert "items" not in push_of(order(notice(drill=True)), NAMES, {}, NOW, urgent=True).data


def test_a_drill_is_without_sound_in_any_case() -> None:
    assert push_of(order(notice(item(), drill=True)), NAMES, {}, NOW, urgent=False).silent
    assert push_of(order(notice(item()), silent=True), NAMES, {}, NOW, urgent=False).silent
    assert not push_of(order(notice(item())), NAMES, {}, NOW, urgent=False).silent


def test_the_end_replaces_the_beginning_on_the_screen_and_nothing_else_does() -> None:
    begun = tag(notice(item()))
    assert tag(notice(item(Change.END))) == tag(notice(item(Change.RISE, rank=5))) == begun
    others = [notice(item(area=HIRATSUKA)), notice(item(hazard="wind")), notice(item(), drill=True), notice()]
    assert begun not in map(tag, others)
    assert len(begun.encode()) <= 64


def test_what_can_wait_is_kept_by_topic_and_an_order_never() -> None:
    def topic(told: Notice, *, urgent: bool = False) -> str:
        return push_of(order(told), NAMES, {}, NOW, urgent=urgent).topic

    assert topic(notice(item()), urgent=True) == ""
    assert topic(notice(item())) == "begun"
    assert topic(notice(item(Change.END))) == "over"
    assert topic(notice(item(), drill=True)) == "drill"
    assert topic(replace(notice(), status=Status.TEST)) == "begun"


# --- what is believed ---

DEAD = Attempt(verdict=Verdict.DEAD, code="UNREGISTERED")
BAD = Attempt(verdict=Verdict.DEAD, code=MALFORMED)
OK = Attempt(verdict=Verdict.ACCEPTED)


@pytest.mark.parametrize("attempts", [[BAD] * 4, [BAD] * 9 + [OK], [DEAD] * 10, []])
def test_a_channel_is_believed_about_single_addresses(attempts: list[Attempt]) -> None:
    assert doubted(attempts) == tuple(attempts)


def test_a_channel_that_calls_every_address_malformed_was_given_a_bad_message() -> None:
    assert doubted([BAD] * 5 + [DEAD]) == (Attempt(verdict=Verdict.REFUSED, code=MALFORMED),) * 5 + (DEAD,)
