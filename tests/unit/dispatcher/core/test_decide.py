"""Who is told what of a change, and what the ledger says afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from pyroaring import BitMap

from schemas.alert import MsgType, Origin
from schemas.area import AreaCode
from schemas.level import Grade
from schemas.lifecycle import close
from schemas.notification import Change
from schemas.subscription import QuietHours
from services.dispatcher.core.decide import Case, Give, Take, decide, over, subject_gone, subject_of
from services.dispatcher.core.force import REAL, Moment, Pair, in_force
from services.dispatcher.core.ledger import Ledger, unpacked
from services.dispatcher.core.pending import Waiting
from services.dispatcher.core.rules import HARD_LIMIT, Limit, PushRule, Rules
from services.dispatcher.core.tally import Tally
from tests.factories import ODAWARA, ZUSHI, a_device, an_alert, an_info, at
from tests.unit.dispatcher.core.telling import ITEM, AWaiting, Shard

HERE = Pair("landslide", ODAWARA)
OVER = an_info(released=True)
STREAM = an_alert().streams[0]


def a_shard(*devices: object) -> Shard:
    shard = Shard()
    shard.follow(*(devices or (a_device("anna"),)))  # type: ignore[arg-type]  # devices
    return shard


def landslide(change: str, rank: int, place: str = "小田原市") -> tuple[str, str, str, int]:
    return change, "landslide", place, rank


# --- what is in force ---


def test_who_follows_it_is_told_once() -> None:
    shard = a_shard(a_device("anna"), a_device("ben", min_rank=5), a_device("zoe", ZUSHI))
    assert shard.says(an_alert(0)) == {"anna": [landslide("new", 4)]}
    assert shard.says(an_alert(5)) == {}
    assert shard.last is not None
    assert (shard.last.ledger, shard.last.notice.revision) == ((), an_alert(5).revision)


def test_a_rise_says_what_was_told_before() -> None:
    shard = a_shard(a_device("anna", min_rank=2), a_device("ben", min_rank=3), a_device("carl", min_rank=4))
    shard.says(an_alert(0, an_info(level=2)))
    shard.says(an_alert(1, an_info(level=3)))
    assert shard.says(an_alert(2, an_info(level=5))) == {
        "anna": [landslide("rise", 5)],
        "ben": [landslide("rise", 5)],
        "carl": [landslide("new", 5)],
    }
    assert shard.last is not None
    assert {item.was for group in shard.last.groups for item in group.items} == {3, None}


def test_lowered_is_silent_and_a_new_rise_is_told_again() -> None:
    shard = a_shard()
    shard.says(an_alert(0, an_info(level=4)))
    assert shard.says(an_alert(5, an_info(level=3))) == {}
    assert shard.says(an_alert(9, an_info(level=4))) == {"anna": [landslide("rise", 4)]}


def test_quiet_hours_hold_back_what_is_not_loud_until_the_next_word() -> None:
    asleep = QuietHours(start=time(22), end=time(6))
    shard = a_shard(a_device("anna", quiet=asleep))
    assert shard.says(an_alert(0, an_info(level=3)), hour=time(23)) == {}
    assert shard.says(an_alert(1, an_info(level=3)), hour=time(7)) == {"anna": [landslide("new", 3)]}
    assert shard.says(an_alert(2, an_info(level=4)), hour=time(23)) == {"anna": [landslide("rise", 4)]}


def test_a_least_rank_of_the_hazard_counts_for_each_of_its_items() -> None:
    shard = a_shard(a_device("anna", hazard_min_ranks=(("flood", 4),)), a_device("ben"))
    assert list(shard.says(an_alert(0, an_info("flood:820", level=3)))) == ["ben"]


def test_what_tells_nobody_anything_new_only_keeps_what_was_told() -> None:
    shard = a_shard()
    assert shard.says(an_alert(0), at(30), leases={"jma.extra": at(20)}) == {}
    assert shard.decides(STREAM, at(30)) == {"anna": [landslide("new", 4)]}


def test_the_office_gives_its_own_words_and_a_source_does_not() -> None:
    shard = a_shard()
    order = replace(
        an_info("evacuation:1", level=4),
        instruction="高台へ",
        instruction_easy="たかいところへ",
        instruction_en="Go up",
    )
    shard.says(an_alert(0, order, origin=Origin.OFFICE, stream="office:1"))
    shard.says(an_alert(0, replace(an_info(), instruction="崖から離れる")))
    assert shard.last is not None
    assert shard.last.groups[0].items[0].instruction == ""
    told = shard.ledger.run(REAL)[Pair("evacuation:1", ODAWARA)][4].notice.items[0]
    assert (told.instruction, told.instruction_easy, told.instruction_en) == ("高台へ", "たかいところへ", "Go up")


# --- what is over ---


def test_who_was_told_is_told_the_end_even_after_moving_or_following_less() -> None:
    shard = a_shard(a_device("anna"), a_device("ben"), a_device("carl"))
    shard.says(an_alert(0))
    shard.follow(a_device("anna", ZUSHI), a_device("ben", min_rank=5), a_device("dora"))
    shard.index.forget("carl")
    assert shard.says(an_alert(9, OVER)) == {"anna": [landslide("end", 4)], "ben": [landslide("end", 4)]}
    assert shard.ledger.runs() == {}


def test_an_end_names_the_rank_that_each_was_told() -> None:
    asleep = QuietHours(start=time(22), end=time(6))
    shard = a_shard(a_device("anna", min_rank=2), a_device("ben", min_rank=2, quiet=asleep))
    shard.says(an_alert(0, an_info(level=2)))
    shard.says(an_alert(1, an_info(level=3)), hour=time(23))
    assert shard.says(an_alert(9, OVER)) == {"anna": [landslide("end", 3)], "ben": [landslide("end", 2)]}
    assert shard.last is not None
    assert {group.items[0].level for group in shard.last.groups} == {2, 3}


def test_a_mistake_is_cancelled() -> None:
    shard = a_shard()
    shard.says(an_alert(0))
    assert shard.says(an_alert(3, msg_type=MsgType.CANCEL)) == {"anna": [landslide("cancel", 4)]}


def test_nobody_is_told_an_end_while_it_is_in_force_at_another_place_of_theirs() -> None:
    both = a_device("anna", more=((ZUSHI, 3),))
    shard = a_shard(both, a_device("ben"))
    shard.says(an_alert(0, an_info(areas=(ODAWARA, ZUSHI)), an_info("wind", level=4, areas=(ZUSHI,))))
    assert shard.says(an_alert(5, an_info(areas=(ZUSHI,)), an_info("wind", level=4, areas=(ZUSHI,)))) == {
        "ben": [landslide("end", 4)]
    }
    assert shard.says(an_alert(9, OVER, an_info("wind", level=4, areas=(ZUSHI,)))) == {
        "anna": [landslide("end", 4, "逗子市")]
    }


def test_it_moves_from_one_place_of_theirs_to_another_without_an_end() -> None:
    shard = a_shard(a_device("anna", more=((ZUSHI, 3),)))
    shard.says(an_alert(0, an_info(areas=(ODAWARA,))))
    assert shard.says(an_alert(5, an_info(areas=(ZUSHI,)))) == {"anna": [landslide("new", 4, "逗子市")]}
    assert shard.says(an_alert(9, OVER)) == {"anna": [landslide("end", 4, "逗子市")]}


def test_an_end_waits_for_a_beginning_that_is_in_a_queue() -> None:
    shard = a_shard(a_device("anna"), a_device("ben"))
    shard.says(an_alert(0))
    assert shard.says(an_alert(5, OVER), waiting=AWaiting(1)) == {"anna": [landslide("end", 4)]}
    assert shard.decides(STREAM, at(6)) == {"ben": [landslide("end", 4)]}


def test_what_was_told_long_ago_and_is_spoken_of_no_more_is_ended() -> None:
    shard = a_shard()
    shard.says(an_alert(0, an_info("thunder", level=3)))
    for minute in range(1, 9):
        shard.hear(an_alert(minute, an_info("wind", level=2)))
    assert shard.says(an_alert(9, an_info("wind", level=2))) == {"anna": [("end", "thunder", "小田原市", 3)]}


def test_the_office_says_what_holds_after_the_end() -> None:
    shard = a_shard()
    order = replace(an_info("evacuation:1", level=4), instruction="高台へ")
    lifted = replace(an_info("evacuation:1", released=True), instruction="家に帰れます")
    for alert in (an_alert(0, order, origin=Origin.OFFICE), an_alert(5, lifted, origin=Origin.OFFICE)):
        shard.says(alert)
    assert shard.last is not None
    [item] = shard.last.groups[0].items
    assert (item.change, item.instruction) == (Change.END, "家に帰れます")


@pytest.mark.parametrize(
    "later",
    [
        an_alert(5, an_info("wind", level=2), origin=Origin.OFFICE),
        an_alert(5, msg_type=MsgType.CANCEL, origin=Origin.OFFICE),
    ],
)
def test_an_instruction_does_not_outlive_what_it_was_for(later: object) -> None:
    shard = a_shard()
    shard.says(an_alert(0, replace(an_info(), instruction="高台へ"), origin=Origin.OFFICE))
    shard.says(later)  # type: ignore[arg-type]  # an alert
    assert shard.last is not None
    assert [item.instruction for group in shard.last.groups for item in group.items] == [""]


def test_a_run_that_was_closed_is_ended_and_one_that_is_gone_too() -> None:
    shard = a_shard()
    drill = an_alert(0, run="1")
    name = drill.streams[0]
    assert shard.says(drill) == {"anna": [landslide("new", 4)]}
    subject = subject_gone("drill-1", HERE, shard.ledger)
    assert subject.notice.items == ()
    assert subject.notice.drill == drill.drill
    assert subject.pairs == {HERE}
    shard.streams[name] = close(shard.streams[name])
    assert shard.decides(name, at(5)) == {"anna": [landslide("end", 4)]}


# --- one notice ---


def test_each_device_gets_one_notice_with_everything_the_worst_first() -> None:
    shard = a_shard(a_device("anna", min_rank=2, more=((ZUSHI, 2),)), a_device("ben", min_rank=2))
    shard.says(an_alert(0, an_info("fog", level=2), an_info("thunder", level=2, areas=(ZUSHI,))))
    wind = an_info("wind", level=None, grade=Grade.WARNING, areas=(ODAWARA, ZUSHI))
    assert shard.says(an_alert(5, an_info("thunder", level=2, areas=(ZUSHI,)), wind, an_info(level=4))) == {
        "anna": [
            landslide("new", 4),
            ("new", "wind", "小田原市", 3),
            ("new", "wind", "逗子市", 3),
            ("end", "fog", "小田原市", 2),
        ],
        "ben": [landslide("new", 4), ("new", "wind", "小田原市", 3), ("end", "fog", "小田原市", 2)],
    }


def test_what_several_places_of_a_device_share_is_said_once() -> None:
    coast = AreaCode("tsunami", "330")
    shard = a_shard(a_device("anna", more=((ZUSHI, 3),)))
    shard.covers = {coast: (ODAWARA, ZUSHI)}
    shard.says(an_alert(0, an_info("tsunami", level=4, areas=(coast,))))
    assert shard.last is not None
    assert [len(group.items) for group in shard.last.groups] == [1]
    assert len(shard.ledger.run(REAL)) == 2


def test_a_hazard_that_nobody_lists_stands_last_of_its_rank() -> None:
    shard = a_shard()
    told = shard.says(an_alert(0, an_info("meteor", level=4), an_info(level=4)))
    assert [hazard for _, hazard, _, _ in told["anna"]] == ["landslide", "meteor"]


# --- corrections ---


def test_a_correction_comes_first_and_what_holds_is_told_anew() -> None:
    shard = a_shard(a_device("anna"), a_device("ben"))
    shard.says(an_alert(0))
    shard.hear(an_alert(5, an_info(level=3)))
    take = Take(HERE, 0, 4, BitMap([0]))
    assert shard.decides(STREAM, at(5), takes=(take,)) == {"anna": [landslide("new", 3)]}


def test_a_correction_alone_tells_nobody_of_what_is_in_force() -> None:
    shard = a_shard(a_device("anna"), a_device("ben"))
    shard.says(an_alert(0))
    assert shard.decides(STREAM, at(5), takes=(Take(HERE, 0, 4, BitMap([0])),), begins=False) == {}
    assert list(shard.ledger.run(REAL)[HERE][1].devices) == [1]


def test_a_correction_tells_nobody_but_those_it_is_about() -> None:
    shard = a_shard(a_device("anna"), a_device("ben"))
    shard.says(an_alert(0))
    shard.follow(a_device("carl"))
    take = Take(HERE, 0, 4, BitMap([0]))
    assert shard.decides(STREAM, at(5), takes=(take,), only=BitMap([0])) == {"anna": [landslide("new", 4)]}
    assert shard.decides(STREAM, at(6)) == {"carl": [landslide("new", 4)]}


def test_a_correction_of_something_that_another_stream_told_is_looked_at_too() -> None:
    shard = a_shard(a_device("anna", more=((ZUSHI, 3),)))
    shard.says(an_alert(0, an_info("wind", level=4, areas=(ZUSHI,)), stream="other"))
    shard.says(an_alert(0))
    take = Take(Pair("wind", ZUSHI), 0, 4, BitMap([0]))
    assert shard.decides(STREAM, at(1), takes=(take,)) == {"anna": [("new", "wind", "逗子市", 4)]}


def test_an_end_that_was_not_told_is_told_if_it_is_still_over() -> None:
    shard = a_shard()
    shard.hear(an_alert(0, OVER))
    ended = replace(ITEM, change=Change.END)
    give = Give(HERE, ended, BitMap([0]))
    assert shard.decides(STREAM, at(1), gives=(give,), begins=False) == {"anna": [landslide("end", 3)]}
    shard.hear(an_alert(2))
    assert shard.decides(STREAM, at(2), gives=(give,), begins=False) == {}


# --- what is over without a word ---


def test_what_is_told_and_in_force_no_more_is_found_unless_it_waits_for_its_beginning() -> None:
    shard = a_shard()
    shard.says(an_alert(0, an_info(expires=at(30)), an_info("wind", level=4)))
    before, after = (in_force(shard.streams.values(), Moment(now=at(minute), leases={}), {}) for minute in (29, 30))
    assert list(over(shard.ledger, before, lambda _: Waiting())) == []
    assert list(over(shard.ledger, after, lambda _: Waiting())) == [(REAL, HERE)]
    assert list(over(shard.ledger, after, lambda _: AWaiting(0))) == []


def test_a_decision_holds_everything_and_changes_nothing() -> None:
    shard = a_shard()
    shard.hear(an_alert(0))
    ledger = Ledger()
    subject = subject_of(shard.streams[STREAM], REAL, {})
    force = in_force(shard.streams.values(), Moment(now=at(0), leases={}), {}).of(REAL)
    case = Case(cause="alert:x", shard=3, now=at(1), japan_time=time(12), subject=subject, force=force)
    first, second = decide(case, shard.index, ledger), decide(case, shard.index, ledger)
    assert first == second
    assert (first.cause, first.shard, first.decided_at, ledger.runs()) == ("alert:x", 3, at(1), {})
    assert [list(unpacked(group.devices)) for group in first.groups] == [[0]]
    assert [(entry.rank, list(unpacked(entry.devices))) for entry in first.ledger] == [(n, [0]) for n in (1, 2, 3, 4)]


def test_what_happens_and_passes_has_no_end_that_is_told() -> None:
    shard = a_shard()
    quake = an_info("quake", level=None, grade=Grade.SHINDO_5_LOWER)
    assert shard.says(an_alert(0, quake)) == {"anna": [("new", "quake", "小田原市", 4)]}
    assert shard.says(an_alert(1, an_info("quake", released=True))) == {}
    # and it is forgotten: the next one is told
    assert shard.says(an_alert(2, quake)) == {"anna": [("new", "quake", "小田原市", 4)]}


def test_that_it_was_a_mistake_is_told_of_what_passes_too() -> None:
    shard = a_shard()
    shard.says(an_alert(0, an_info("quake", level=None, grade=Grade.SHINDO_5_LOWER)))
    assert shard.says(an_alert(1, msg_type=MsgType.CANCEL)) == {"anna": [("cancel", "quake", "小田原市", 4)]}


# --- a city's rules ---


def test_what_goes_down_and_up_again_within_the_guard_tells_nobody_twice() -> None:
    shard = a_shard(a_device("anna"), a_device("ben", min_rank=5))
    shard.rules = Rules(flap=timedelta(minutes=10))
    shard.says(an_alert(0, an_info(level=4)))
    assert shard.says(an_alert(5, an_info(level=3))) == {}
    assert shard.says(an_alert(9, an_info(level=4))) == {}
    assert shard.says(an_alert(10, an_info(level=5))) == {"anna": [landslide("rise", 5)], "ben": [landslide("new", 5)]}
    assert shard.says(an_alert(20, an_info(level=3))) == {}
    assert shard.says(an_alert(31, an_info(level=4))) == {"anna": [landslide("rise", 4)]}


def test_an_end_speaks_of_what_was_in_force_last_also_within_the_guard() -> None:
    shard = a_shard()
    shard.rules = Rules(flap=timedelta(minutes=10))
    shard.says(an_alert(0, an_info(level=4)))
    shard.says(an_alert(5, an_info(level=3)))
    assert shard.says(an_alert(7, OVER)) == {"anna": [landslide("end", 3)]}
    assert shard.ledger.run(REAL) == {}
    assert shard.says(an_alert(9, an_info(level=4))) == {"anna": [landslide("new", 4)]}


def test_a_rule_holds_back_what_is_below_its_rank_and_never_an_order() -> None:
    shard = a_shard(a_device("anna", min_rank=2))
    shard.rules = Rules(push=(PushRule(min_rank=4),))
    assert shard.says(an_alert(0, an_info(level=3))) == {}
    assert shard.says(an_alert(1, an_info(level=4))) == {"anna": [landslide("new", 4)]}
    order = an_alert(2, an_info("evacuation:1", level=3), stream="office:1", origin=Origin.OFFICE, lease="")
    assert shard.says(order) == {"anna": [("new", "evacuation:1", "小田原市", 3)]}


def test_who_was_told_enough_is_told_no_more_but_what_is_loud_and_the_end() -> None:
    shard = a_shard(a_device("anna", min_rank=2))
    shard.rules = Rules(limits=(Limit(messages=2, span=timedelta(hours=1)),))
    shard.tally = Tally((HARD_LIMIT, *shard.rules.limits))
    wave = an_info("wave", level=None, grade=Grade.WARNING)
    assert shard.says(an_alert(0, an_info(level=2)))
    assert shard.says(an_alert(1, an_info("fog", level=2), stream="fog"))
    assert shard.says(an_alert(2, wave, stream="wave")) == {}
    assert shard.says(an_alert(3, an_info(level=4))) == {"anna": [landslide("rise", 4)]}
    assert shard.says(an_alert(4, OVER)) == {"anna": [landslide("end", 4)]}
    assert shard.says(an_alert(90, wave, stream="wave")) == {"anna": [("new", "wave", "小田原市", 3)]}


def test_the_last_defence_holds_back_whatever_it_is() -> None:
    shard = a_shard()
    for minute in range(HARD_LIMIT.messages):
        shard.tally.add(at(minute), BitMap([0]))
    assert shard.says(an_alert(40, an_info(level=5))) == {}
    assert shard.says(an_alert(75, an_info(level=5))) == {"anna": [landslide("new", 5)]}


def test_an_order_of_level_3_leaves_asleep_who_wants_it_so_and_level_4_wakes_them() -> None:
    quiet = QuietHours(start=time(22), end=time(6))
    shard = a_shard(a_device("anna", quiet=quiet), a_device("ben", quiet=replace(quiet, orders=True)))
    order = an_alert(0, an_info("evacuation:1", level=3), stream="office:1", origin=Origin.OFFICE, lease="")
    assert list(shard.says(order, hour=time(23))) == ["anna"]
    worse = an_alert(1, an_info("evacuation:1", level=4), stream="office:1", origin=Origin.OFFICE, lease="")
    assert sorted(shard.says(worse, hour=time(23))) == ["anna", "ben"]


def test_where_the_city_says_so_who_was_told_more_is_told_that_it_was_lowered_and_a_rise_after_it_is_news() -> None:
    quiet = QuietHours(start=time(11), end=time(13))
    shard = a_shard(a_device("anna"), a_device("ben", min_rank=5), a_device("carl", quiet=quiet))
    shard.rules = Rules(lowered=True, flap=timedelta(minutes=10))
    shard.says(an_alert(0, an_info(level=5)))
    assert shard.says(an_alert(1, an_info(level=3))) == {
        "anna": [landslide("lowered", 3)],
        "ben": [landslide("lowered", 3)],
    }
    assert shard.last is not None
    assert {item.was for group in shard.last.groups for item in group.items} == {5}
    assert shard.says(an_alert(2, an_info(level=3))) == {}
    assert shard.says(an_alert(3, an_info(level=4)))["anna"] == [landslide("rise", 4)]
    assert shard.says(an_alert(4, OVER))["ben"] == [landslide("end", 3)]


def test_a_beginning_that_is_in_a_queue_is_not_said_to_be_lowered() -> None:
    shard = a_shard()
    shard.rules = Rules(lowered=True)
    shard.says(an_alert(0, an_info(level=5)))
    assert shard.says(an_alert(1, an_info(level=3)), waiting=AWaiting(0)) == {}
