from __future__ import annotations

import pytest

from schemas.hazard import HAZARDS
from services.ingest.core.cap import hazards
from services.ingest.core.cap.message import Block, Message
from tests.unit.ingest.core.cap.messages import info, message


def _blocks(event: str, name: str = "", value: str = "") -> tuple[Block, ...]:
    parameter = f"<parameter><valueName>{name}</valueName><value>{value}</value></parameter>" if name else ""
    found: Message = message(info(event=event, tail=parameter))
    return found.blocks


@pytest.mark.parametrize(
    ("event", "hazard"),
    [
        ("避難指示", "evacuation"),
        ("避難所開設", "shelter"),
        ("Shelter in place warning", "notice"),
        ("Tsunami Warning", "tsunami"),
        ("Storm Surge Warning", "storm_surge"),
        ("Flash Flood Watch", "flood"),
        ("Storm Watch", "wind"),
        ("Severe Thunderstorm Warning", "thunder"),
        ("Winter Storm Warning", "heavy_snow"),
        ("Freezing rain, icing", "icing"),
        ("Yellow Low Temperature/Ice", "low_temperature"),
        ("強烈季候風信號", "wind"),
        ("Ветер", "wind"),
        ("Vigilance jaune avalanches", "avalanche"),
        ("Tropical Cyclone", "typhoon"),
        ("Earthquake", "quake"),
        ("Child Abduction", "notice"),
        ("", "notice"),
    ],
)
def test_a_name_is_looked_up(event: str, hazard: str) -> None:
    assert hazards.hazard_of(_blocks(event or "x")) == hazard


@pytest.mark.parametrize(
    ("name", "value", "hazard"),
    [
        ("awareness_type", "10; Rain", "heavy_rain"),
        ("awareness_type", "8; forest-fire", "notice"),
        ("VTEC", "/O.NEW.KDLH.TO.W.0008.260515T1700Z-260516T0200Z/", "tornado"),
        ("VTEC", "/O.NEW.KDLH.FW.W.0008.260515T1700Z-260516T0200Z/", "notice"),
        ("VTEC", "nothing", "notice"),
        ("UGC", "NVC013", "notice"),
    ],
)
def test_a_code_comes_before_a_name(name: str, value: str, hazard: str) -> None:
    assert hazards.hazard_of(_blocks("Special Statement", name, value)) == hazard


def test_any_language_of_it_will_do() -> None:
    found = message(info(language="xx", event="xyzzy"), info(language="en", event="Flood"))
    assert hazards.hazard_of(found.blocks) == "flood"


def test_every_hazard_of_the_tables_is_one() -> None:
    known = {hazard for hazard, _ in hazards._NAMES} | {*hazards._AWARENESS.values(), *hazards._PHENOMENA.values()}
    assert known <= set(HAZARDS)
