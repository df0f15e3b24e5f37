from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.alert import Alert, InfoState, MsgType, Origin
from schemas.area import UnknownArea
from schemas.level import RANKS, Grade
from schemas.observation import Crossing, Station
from services.ingest.core.gauge_alert import (
    WORDS,
    alert_of,
    heard_report,
    lost_report,
    placeless_report,
    report_of,
)
from services.ingest.core.thresholds import Change, Doubt, Sample, Turn
from services.runtime.cities import deploy_dir, load_table

AREAS = load_table(deploy_dir())
AT = datetime(2026, 9, 1, 11, 5, tzinfo=UTC)
ABOUT = Station(source="kanagawa", station="3585_4_1", name="見本橋", river="見本川", jis5=("14206",))


def change(turn: Turn, crossing: Crossing | None, before: Crossing | None, value: float | None = 5.2) -> Change:
    sample = None if value is None else Sample(observed=AT, value=value)
    return Change(turn=turn, at=AT, order=0, crossing=crossing, before=before, sample=sample)


RAISED = change(Turn.RAISED, Crossing.DANGER, Crossing.CAUTION)


def alert(one: Change = RAISED, about: Station = ABOUT) -> Alert:
    made = alert_of(about, one, AREAS)
    assert isinstance(made, Alert)
    return made


def test_a_crossing_is_told_with_what_was_measured_when_and_by_whom() -> None:
    made = alert()
    [info] = made.info
    assert made.headline == "見本川見本橋: 水位が氾濫危険水位以上になりました（9月1日20:05 5.20 m）"
    assert (made.origin, made.sender_name, made.lease) == (Origin.GAUGE, "神奈川県雨量水位情報", "kanagawa")
    assert (info.event, info.hazard, info.rank, info.level) == (
        "見本川見本橋 氾濫危険水位",
        "gauge:kanagawa-3585_4_1",
        3,
        None,
    )
    assert [area.area_desc for area in info.area] == ["小田原市"]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            change(Turn.LOWERED, Crossing.CAUTION, Crossing.DANGER),
            "水位が氾濫危険水位を下回り、氾濫注意水位以上です（9月1日20:05 5.20 m）",
        ),
        (change(Turn.CLEARED, None, Crossing.CAUTION), "水位が氾濫注意水位を下回りました（9月1日20:05 5.20 m）"),
        (
            change(Turn.CLEARED, None, Crossing.START, None),
            "水位が観測開始水位を下回りました（9月1日20:05の観測一覧に載っていません）",
        ),
    ],
)
def test_a_fall_is_told_too(one: Change, said: str) -> None:
    assert alert(one).info[0].description == said


def test_an_end_is_released_without_a_rank_or_an_instruction() -> None:
    [info] = alert(change(Turn.CLEARED, None, Crossing.DANGER)).info
    assert (info.state, info.rank, info.instruction, info.event) == (
        InfoState.RELEASED,
        None,
        "",
        "見本川見本橋 氾濫危険水位",
    )


def test_the_first_is_an_alert_and_each_further_one_an_update_of_the_same_stream() -> None:
    first, then = alert(change(Turn.RAISED, Crossing.START, None)), alert(replace(RAISED, order=1))
    assert (first.msg_type, then.msg_type) == (MsgType.ALERT, MsgType.UPDATE)
    assert first.streams == then.streams == ("gauge:kanagawa:3585_4_1",)
    assert (first.revision, then.revision) == ("20260901T110500Z.000", "20260901T110500Z.001")


def test_every_level_has_a_word_and_a_rank_below_an_official_danger() -> None:
    assert set(WORDS) == set(Crossing)
    ranks = [alert(change(Turn.RAISED, level, None)).info[0].rank for level in Crossing]
    assert ranks == [1, 1, 2, 2, 3, 3]
    assert max(RANKS["gauge"].values()) == RANKS["gauge"][Grade.DANGER]


def test_a_municipality_that_is_not_known_leaves_the_others_and_alone_tells_nobody() -> None:
    assert [area.area_desc for area in alert(about=replace(ABOUT, jis5=("99999", "14206"))).info[0].area] == [
        "小田原市"
    ]
    for towns in (("99999",), ()):
        assert isinstance(alert_of(replace(ABOUT, jis5=towns), RAISED, AREAS), UnknownArea)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (replace(RAISED, turn=Turn.HELD, doubt=Doubt.JUMP), ("doubt", "alarm", "E3240")),
        (replace(RAISED, turn=Turn.DISMISSED), ("doubt", "ok", "")),
        (replace(RAISED, turn=Turn.RISING, rise_m=0.6, next_s=1800.0), ("rise", "alarm", "E3241")),
        (replace(RAISED, turn=Turn.STEADY, sample=None), ("rise", "ok", "")),
    ],
)
def test_what_the_staff_are_told(one: Change, told: tuple[str, str, str]) -> None:
    report = report_of(ABOUT, one, AT)
    assert report is not None
    assert (report.subject.rpartition(":")[2], report.condition, report.code) == told


def test_what_people_are_told_is_not_told_twice() -> None:
    assert report_of(ABOUT, RAISED, AT) is None


def test_a_held_reading_names_gauge_value_and_doubt() -> None:
    report = report_of(ABOUT, replace(RAISED, turn=Turn.HELD, doubt=Doubt.FIRST_SEEN_FLOODED), AT)
    assert report is not None
    assert "見本川見本橋 (kanagawa:3585_4_1) reads 5.20 m" in report.message
    bare = report_of(ABOUT, replace(RAISED, turn=Turn.RISING, sample=None), AT)
    assert bare is not None
    assert "no value" in bare.message


def test_silence_its_end_and_a_place_that_is_not_known() -> None:
    lost, heard = lost_report(ABOUT, AT, AT), heard_report(ABOUT, AT)
    placeless = placeless_report(ABOUT, UnknownArea(area=next(iter(AREAS.entries))), AT)
    assert (lost.subject, lost.code, heard.subject, heard.condition) == (
        "gauge:kanagawa:3585_4_1:lost",
        "E3242",
        "gauge:kanagawa:3585_4_1:lost",
        "ok",
    )
    assert placeless.code == "E3243"
