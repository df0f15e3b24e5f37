from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

import pytest

from schemas.alert import Alert, MsgType, Origin
from schemas.lifecycle import Stream
from schemas.lifecycle import fold as take
from schemas.situation import digest
from schemas.telegram import Epoch
from schemas.text import Text
from services.gateway.core.frames import Frame
from services.gateway.core.message import wire_of
from services.gateway.core.mirror import BEFORE_FIRST, REPLAY_BYTES_MAX, REPLAY_MAX, Change, Mirror, fold
from tests.factories import ODAWARA, an_alert, an_info

EPOCH = Change(offset=0, key="epoch", id="epoch:e", value=Epoch(epoch="e"))


def a_stream(*alerts: Alert) -> Stream:
    stream = reduce(lambda before, alert: take(before, alert.streams[0], alert), alerts, None)
    assert stream is not None
    return stream


def change(offset: int, stream: Stream) -> Change:
    return Change(offset=offset, key=stream.stream, id=f"s:{offset}", cause=f"a:{offset}", value=stream)


RAIN = a_stream(an_alert(stream="rain"))
WIND = a_stream(an_alert(stream="wind"))
RAIN_OVER = a_stream(an_alert(stream="rain"), an_alert(10, an_info(released=True), stream="rain"))
RAIN_GONE = Change(offset=4, key="rain", id="s:4", value=None)


def loaded(*changes: Change) -> Mirror:
    return fold(Mirror(), (EPOCH, *changes), live=False)


def said(frame: Frame) -> dict[str, object]:
    message: dict[str, object] = json.loads(frame.text)
    return message


def told(mirror: Mirror, offset: int) -> list[int]:
    return [step.offset for step in mirror.since(offset) or ()]


def streams_in(frame: Frame) -> set[str]:
    streams = said(frame)["streams"]
    assert isinstance(streams, list)
    return {stream["stream"] for stream in streams}


def test_before_anything_was_read_there_is_an_empty_snapshot() -> None:
    assert said(Mirror().snapshot) == {
        "type": "snapshot",
        "epoch": "",
        "offset": BEFORE_FIRST,
        "digest": digest(()),
        "streams": [],
    }


def test_a_snapshot_is_the_newest_of_each_stream() -> None:
    mirror = loaded(change(1, RAIN), change(2, WIND), change(3, RAIN_OVER))
    assert streams_in(mirror.snapshot) == {"rain", "wind"}
    assert mirror.streams["rain"] == RAIN_OVER
    assert (mirror.epoch, mirror.offset, mirror.digest) == ("e", 3, digest([RAIN_OVER, WIND]))


def test_whoever_missed_changes_is_told_them_in_order() -> None:
    mirror = fold(loaded(change(1, RAIN)), [change(2, WIND)], live=True)
    mirror = fold(mirror, [change(3, RAIN_OVER)], live=True)
    assert (told(mirror, 1), told(mirror, 2), told(mirror, 3)) == ([2, 3], [3], [])
    assert said(mirror.steps[-1].frame)["ce_causationid"] == "a:3"


def test_a_record_that_was_read_before_changes_nothing() -> None:
    mirror = fold(loaded(change(1, RAIN)), [change(2, WIND)], live=True)
    assert fold(mirror, [change(2, RAIN_OVER), change(1, WIND)], live=True) == mirror


def test_a_stream_that_is_forgotten_leaves_and_clients_are_told() -> None:
    mirror = fold(loaded(change(3, RAIN)), [RAIN_GONE], live=True)
    assert streams_in(mirror.snapshot) == set()
    assert [said(step.frame)["gone"] for step in mirror.since(3) or ()] == ["rain"]


def test_the_end_of_a_stream_nobody_has_is_no_change() -> None:
    mirror = loaded(change(1, WIND))
    after = fold(mirror, [RAIN_GONE], live=True)
    assert (after.position, after.offset, after.steps) == (4, 1, ())


def test_our_own_test_is_in_no_snapshot_digest_head_or_replay() -> None:
    mirror = loaded(change(1, RAIN))
    after = fold(mirror, [change(2, a_stream(an_alert(stream="canary", test=True)))], live=True)
    assert (after.snapshot, after.digest, after.offset, after.steps) == (mirror.snapshot, mirror.digest, 1, ())
    assert after.canary is not None
    assert said(after.canary.frame)["ce_id"] == "s:2"
    assert after.position == 2


def test_an_end_of_the_canary_is_no_news() -> None:
    gone = Change(offset=5, key="canary", id="s:5", value=None)
    assert fold(loaded(), [gone], live=True).canary is None


def test_the_epoch_is_kept_even_should_its_record_be_removed() -> None:
    gone = Change(offset=5, key="epoch", id="", value=None)
    assert fold(loaded(), [gone], live=True).epoch == "e"


def test_nothing_leads_over_from_another_log() -> None:
    mirror = fold(loaded(change(1, RAIN)), [change(2, WIND)], live=True)
    other = Change(offset=3, key="epoch", id="epoch:f", value=Epoch(epoch="f"))
    after = fold(mirror, [other, change(4, RAIN_OVER)], live=True)
    assert (after.epoch, after.since(2), after.since(4)) == ("f", None, ())


def test_what_was_read_at_the_start_brings_nobody_forward_for_it_may_have_holes() -> None:
    mirror = loaded(change(1, RAIN), change(2, WIND))
    assert (mirror.since(1), mirror.since(2)) == (None, ())


@pytest.mark.parametrize("offset", [BEFORE_FIRST, 3, 99])
def test_an_offset_that_is_not_ours_is_led_nowhere(offset: int) -> None:
    assert loaded(change(1, RAIN), change(2, WIND)).since(offset) is None


def storm(steps: int) -> Iterable[Change]:
    return (change(2 + n, a_stream(an_alert(n, stream="rain"))) for n in range(steps))


def test_only_so_many_steps_are_kept() -> None:
    mirror = loaded(change(1, RAIN))
    for one in storm(REPLAY_MAX):
        mirror = fold(mirror, [one], live=True)
    assert told(mirror, 1) == list(range(2, REPLAY_MAX + 2))
    after = fold(mirror, [change(REPLAY_MAX + 2, WIND)], live=True)
    assert after.since(1) is None
    assert told(after, 2) == list(range(3, REPLAY_MAX + 3))
    assert len(after.steps) == REPLAY_MAX


def test_only_so_many_bytes_of_steps_are_kept() -> None:
    mirror = loaded(change(1, RAIN))
    huge = "雨" * (REPLAY_BYTES_MAX // 9)
    for offset in range(2, 6):
        wordy = a_stream(an_alert(offset, stream="rain", headline=huge, info=(an_info(),)))
        mirror = fold(mirror, [change(offset, wordy)], live=True)
    assert (mirror.since(2), told(mirror, 3)) == (None, [4, 5])


def test_a_client_with_another_sum_at_the_same_place_is_contradicted() -> None:
    mirror = fold(loaded(change(1, RAIN)), [change(2, WIND)], live=True)
    mirror = fold(mirror, [change(3, RAIN_OVER)], live=True)
    assert not mirror.contradicts(3, mirror.digest)
    assert mirror.contradicts(3, "ffffffff")
    assert not mirror.contradicts(2, digest([RAIN, WIND]))
    assert mirror.contradicts(2, "ffffffff")


def test_a_sum_that_was_never_made_contradicts_nobody() -> None:
    together = fold(loaded(change(1, RAIN)), [change(2, WIND), change(3, RAIN_OVER)], live=True)
    assert not together.contradicts(2, "ffffffff")
    assert not together.contradicts(1, "ffffffff")


def test_a_withdrawn_alert_is_replaced_by_the_one_before() -> None:
    stream = a_stream(an_alert(stream="rain"), an_alert(5, an_info(level=5), stream="rain"))
    back = take(stream, "rain", an_alert(6, msg_type=MsgType.CANCEL, stream="rain"))
    mirror = loaded(change(1, back))
    snapshot = said(mirror.snapshot)["streams"]
    assert isinstance(snapshot, list)
    assert [one["kept"][0]["revision"] for one in snapshot] == [an_alert().revision]


def test_each_block_in_force_carries_what_is_said_of_it_in_the_names_it_was_given() -> None:
    shelter = replace(an_alert(stream="office:i1"), origin=Origin.OFFICE, sender_name="小田原市")
    city = Text(ja="小田原市", easy="おだわらし", en="Odawara City")
    mirror = fold(
        Mirror(names={ODAWARA: city}), (EPOCH, change(1, a_stream(shelter)), change(2, RAIN_OVER)), live=False
    )
    streams = {stream["stream"]: stream for stream in json.loads(mirror.snapshot.text)["streams"]}
    said = streams["office:i1"]["kept"][0]["info"][0]["message"]
    assert said == wire_of(shelter, {ODAWARA: city})[0]
    assert said["source"] == {"ja": "小田原市", "easy": "おだわらし", "en": "Odawara City"}
    assert "message" not in streams["rain"]["kept"][0]["info"][0]


def test_the_digest_knows_of_no_words() -> None:
    other = fold(Mirror(names={ODAWARA: Text(ja="x", easy="x", en="x")}), (EPOCH, change(1, RAIN)), live=False)
    assert other.digest == loaded(change(1, RAIN)).digest == digest([RAIN])
