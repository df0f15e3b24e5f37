from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.observation import Kind, Native, Quality, Reading, Station
from services.ingest.core.river.found import Found
from services.ingest.core.river.keeping import absent, id_of, newest, observations

AT = datetime(2026, 9, 1, 11, tzinfo=UTC)
OWN, CITYS = (Station(source="kriver", station="1", name=name) for name in ("own", "city's"))


def reading(minute: int, value: float | None = 1.0, station: str | None = "1") -> Reading:
    return Reading(
        source="kriver",
        station=station,
        name="見本橋",
        kind=Kind.STAGE,
        value=value,
        unit="m",
        datum="TP",
        quality=Quality.GOOD if value is not None else Quality.MISSING,
        observed=AT + timedelta(minutes=minute),
        native=Native(),
    )


def test_readings_come_oldest_first_and_without_a_station_not_at_all() -> None:
    made = observations(Found(source="kriver", readings=(reading(10), reading(5, station=None), reading(0))), {}, AT)
    assert [(one.observed - AT).seconds for one in made] == [0, 600]
    assert {one.received for one in made} == {AT}


def test_the_citys_word_on_a_station_counts_before_the_sources() -> None:
    found = Found(source="kriver", readings=(reading(0),), about={"1": OWN})
    assert observations(found, {}, AT)[0].about == OWN
    assert observations(found, {"kriver:1": CITYS}, AT)[0].about == CITYS


def test_an_id_is_of_the_content_and_a_correction_has_another() -> None:
    one, again, other = (
        observations(Found(source="kriver", readings=(reading(0, value),)), {}, AT)[0] for value in (1, 1, 2)
    )
    missing = observations(Found(source="kriver", readings=(reading(0, None),)), {}, AT)[0]
    assert id_of(one) == id_of(again) == "observation:kriver:1:2026-09-01T11:00:00+00:00:stage:1"
    assert len({id_of(one), id_of(other), id_of(missing)}) == 3


def test_absence_is_no_reading_and_has_an_id_of_its_own() -> None:
    [made] = absent("kriver", ["1"], AT, AT + timedelta(minutes=3))
    assert (made.listed, made.value, made.observed) == (False, None, AT)
    assert id_of(made) == "observation:kriver:1:2026-09-01T11:00:00+00:00:absent"


def test_the_newest_instant_of_an_answer() -> None:
    assert newest(Found(source="kriver", readings=(reading(10), reading(0)))) == AT + timedelta(minutes=10)
    assert newest(Found(source="kriver")) is None
