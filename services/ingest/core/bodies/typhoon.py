"""VPTA50–55 台風の暴風域に入る確率: where it is above nothing, as information. The track (VPTW60–65) names no area.

Sources: the project's notes on JMA §2.2. No such telegram was at hand: areas are found wherever an Item has a code and
values of a probability.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from schemas.area import AreaTable
from services.ingest.core.bodies import BodyReading, Entries, informs, weather_area
from services.ingest.core.defect import Defect
from services.ingest.core.xml import text, token

PROBABILITY = "Probability"
"""How the element of a value ends (FiftyKtWindProbability)."""


def read_probability(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """Each area with a probability above 0 %; `hazards` is ("typhoon",)."""
    entries = Entries(areas)
    kind = informs("台風の暴風域に入る確率", "", hazards[0])
    for item in report.iter("Item"):
        code = token(item, "Area", "Code")
        values = [token(element) for element in item.iter() if element.tag.endswith(PROBABILITY)]
        if code and any(value.isdigit() and int(value) > 0 for value in values):
            entries.add(weather_area(areas, code), text(item, "Area", "Name"), kind)
    return entries.reading()
