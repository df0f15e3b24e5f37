"""What a CAP event is about, in the words of `schemas/hazard.py`: by the codes that profiles define, else by its name.

A name is only ever looked up in the table below; what it does not know is a `notice`, told in the source's own words.

Sources: MeteoAlarm's awareness_type; NWS Directive 10-1703 (VTEC phenomena); OASIS CAP-v1.2 §3.2.2 (event is free
text); the sample messages of the project's notes on CAP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from services.ingest.core.cap.message import Block

NOTICE = "notice"

_AWARENESS = {
    "1": "wind",
    "2": "heavy_snow",
    "3": "thunder",
    "4": "fog",
    "5": "heat",
    "6": "low_temperature",
    "7": "storm_surge",
    "9": "avalanche",
    "10": "heavy_rain",
    "12": "flood",
    "13": "flood",
}
_VTEC = re.compile(r"/[OTEX]\.[A-Z]{3}\.[A-Z]{4}\.([A-Z]{2})\.[WAYSFON]\.")
_PHENOMENA = {
    **dict.fromkeys(("FF", "FL", "FA", "HY"), "flood"),
    **dict.fromkeys(("CF", "SS"), "storm_surge"),
    **dict.fromkeys(("HW", "WI", "EW", "GL", "SR", "LW", "BW", "SC"), "wind"),
    **dict.fromkeys(("HU", "TR", "TY", "TI", "HI"), "typhoon"),
    **dict.fromkeys(("WS", "LE", "WW", "HS"), "heavy_snow"),
    **dict.fromkeys(("BZ", "SQ"), "snowstorm"),
    **dict.fromkeys(("IS", "ZR", "UP", "ZF"), "icing"),
    **dict.fromkeys(("HT", "EH", "XH"), "heat"),
    **dict.fromkeys(("WC", "EC", "FZ", "HZ", "CW"), "low_temperature"),
    **dict.fromkeys(("SU", "RP"), "wave"),
    **dict.fromkeys(("FG", "MF"), "fog"),
    "TO": "tornado",
    "SV": "thunder",
    "TS": "tsunami",
    "FR": "frost",
    "AF": "ash",
}

_NAMES: tuple[tuple[str, str], ...] = (
    # the first that is found counts: what is said of a storm surge is not said of a storm
    ("shelter", r"避難所|\bshelters?\b(?! in place)"),
    ("evacuation", r"避難指示|避難勧告|高齢者等避難|避難準備|緊急安全確保|evacuat"),
    ("tsunami", r"tsunami|津波"),
    ("ash", r"\bash ?fall|降灰"),
    ("volcano", r"volcan|噴火|vulkan"),
    ("quake", r"earthquake|seism|地震|erdbeben"),
    ("tornado", r"tornado|竜巻"),
    ("landslide", r"landslide|mudslide|debris flow|土砂|erdrutsch"),
    ("storm_surge", r"storm surge|coastal flood|高潮|sturmflut"),
    ("flood", r"flood|inundat|氾濫|洪水|hochwasser|inondation|\bcrues?\b|inundaci"),
    ("avalanche", r"avalanche|なだれ|雪崩|lawine"),
    ("snowstorm", r"blizzard|snow ?squall|snowstorm|暴風雪|吹雪"),
    ("icing", r"freezing rain|ice storm|\bicing\b|black ice|verglas|着氷|glätte|glatteis"),
    ("low_temperature", r"low.?temperature|\bcold\b|\bfreeze|低温|grand froid"),
    ("heavy_snow", r"\bsnow|winter storm|winter weather|大雪|neige|schnee"),
    ("typhoon", r"typhoon|hurricane|tropical (?:cyclone|storm|depression)|台風"),
    ("thunder", r"thunder|lightning|雷|orage|gewitter|tormenta"),
    ("rainband", r"線状降水帯"),
    ("record_rain", r"記録的短時間大雨"),
    ("heavy_rain", r"\brain|大雨|豪雨|\bpluie|starkregen|lluvia"),
    ("heat", r"\bheat|high.?temperature|熱中症|猛暑|canicule|hitze|\bcalor\b"),
    ("frost", r"\bfrost|霜"),
    ("fog", r"\bfog\b|濃霧|brouillard|nebel"),
    ("wave", r"\bwaves?\b|\bsurf\b|rip current|\bswell|波浪"),
    ("wind", r"\bwinds?\b|gale|small craft|monsoon|季候風|暴風|強風|\bvents?\b|ventos|sturm|\bstorm\b|ветер|viento"),
    ("dry_air", r"乾燥"),
)
_TABLE = tuple((hazard, re.compile(pattern, re.IGNORECASE)) for hazard, pattern in _NAMES)


def hazard_of(blocks: Iterable[Block]) -> str:
    """The hazard of one block in its languages; `notice` where no code and no name is known."""
    several = tuple(blocks)
    codes = (found for block in several for found in _coded(block))
    names = (hazard for block in several for hazard, pattern in _TABLE if pattern.search(block.event))
    return next(codes, next(names, NOTICE))


def _coded(block: Block) -> Iterator[str]:
    for parameter in block.parameters:
        if parameter.name == "awareness_type":
            yield from _known(_AWARENESS, parameter.value.partition(";")[0].strip())
        if parameter.name == "VTEC" and (found := _VTEC.search(parameter.value)):
            yield from _known(_PHENOMENA, found[1])


def _known(table: dict[str, str], code: str) -> Iterator[str]:
    if code in table:
        yield table[code]
