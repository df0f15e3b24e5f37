from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.alert import Drill, Origin, Status, active, camel, is_own, top_rank
from schemas.level import Grade
from tests.factories import an_alert, an_info


@pytest.mark.parametrize(
    ("name", "wire"),
    [("msg_type", "msgType"), ("area_desc", "areaDesc"), ("sent", "sent"), ("event_code", "eventCode")],
)
def test_fields_are_spelt_on_the_wire_as_cap_spells_them(name: str, wire: str) -> None:
    assert camel(name) == wire


def test_an_exercise_without_a_drill_is_refused() -> None:
    with pytest.raises(ValueError, match="contradict"):
        replace(an_alert(), status=Status.EXERCISE)


def test_a_drill_that_says_it_is_actual_is_refused() -> None:
    with pytest.raises(ValueError, match="contradict"):
        replace(an_alert(), drill=Drill(run="2026-09-01"))


def test_an_alert_without_a_stream_is_refused_because_nothing_could_end_it() -> None:
    with pytest.raises(ValueError, match="never be ended"):
        replace(an_alert(), streams=())


def test_a_block_is_active_when_it_is_in_force_somewhere() -> None:
    assert active(an_info())
    assert not active(an_info(released=True))
    assert not active(an_info(areas=()))


def test_the_top_rank_counts_only_what_is_in_force() -> None:
    gale = an_info("wind", level=None, grade=Grade.WARNING)
    assert top_rank(an_alert(0, gale, an_info(level=2), an_info("flood:1", level=5, areas=()))) == 3
    assert top_rank(an_alert(0, an_info(released=True))) is None
    assert top_rank(an_alert(0, an_info("typhoon", level=None))) is None


def test_a_municipality_s_order_by_another_route_is_none_of_ours() -> None:
    ours = an_alert(origin=Origin.OFFICE)
    assert (is_own(ours), is_own(replace(ours, source="lalert")), is_own(an_alert())) == (True, False, False)
