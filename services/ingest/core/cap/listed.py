"""CAP as JSON → the same elements: NWS's GeoJSON, CAP's own names as keys (MoWaS, MeteoAlarm), or lists of either.

Sources: the API of api.weather.gov (alerts, as in its samples), the project's notes on CAP §4.2; RFC 7946 (geometry).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import DEPTH_MAX, ELEMENTS_MAX

_NWS = {"messageType": "msgType", "response": "responseType", "id": "identifier"}
_NWS_INFO = (
    "language",
    "category",
    "event",
    "response",
    "urgency",
    "severity",
    "certainty",
    "effective",
    "onset",
    "expires",
    "ends",
    "senderName",
    "headline",
    "description",
    "instruction",
    "web",
)
_NWS_ALERT = ("id", "sender", "sent", "status", "messageType", "scope", "code", "note")


class _Refused(Exception):
    def __init__(self, code: Code, reason: str) -> None:
        self.defect = Defect(code=code, reason=reason)


def read_json(body: bytes, *, bytes_max: int) -> tuple[Element, ...] | Defect:
    """The `alert` elements in a JSON document, none where it lists none; a defect for what is no JSON with CAP in it."""
    if len(body) > bytes_max:
        return Defect(code=Code.TOO_LARGE, reason=f"{len(body)} bytes, more than {bytes_max}")
    try:
        budget = _Budget()
        return tuple(_alert(one, budget) for one in parts(json.loads(body)))
    except _Refused as refused:
        return refused.defect
    except RecursionError:
        return Defect(code=Code.TOO_DEEP, reason=f"more than {DEPTH_MAX} levels of JSON")
    except UnicodeDecodeError as error:
        return Defect(code=Code.WRONG_ENCODING, reason=str(error)[:80])
    except ValueError as error:
        return Defect(code=Code.NOT_WELL_FORMED, reason=str(error)[:80])


def parts(value: Any) -> list[Any]:
    """The single messages that a JSON document lists: NWS's (GeoJSON or JSON-LD), MeteoAlarm's, a bare list, or itself."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return [value]
    if isinstance(value.get("features"), list):
        return list(value["features"])
    if isinstance(value.get("@graph"), list):
        return [{"properties": one} for one in value["@graph"]]
    if isinstance(value.get("warnings"), list):
        return [one.get("alert") if isinstance(one, dict) else one for one in value["warnings"]]
    return [value]


def _alert(value: Any, budget: _Budget) -> Element:
    if isinstance(value, dict) and isinstance(value.get("properties"), dict):
        return _feature(value, value["properties"], budget)
    if isinstance(value, dict) and "identifier" in value and ("info" in value or "msgType" in value):
        alert = Element("alert")
        _grow(alert, value, budget, 1)
        return alert
    raise _Refused(Code.NO_CAP, "JSON without an alert in CAP's words")


class _Budget:
    """How much one document may hold."""

    def __init__(self) -> None:
        self._left = ELEMENTS_MAX

    def take(self, depth: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Refused(Code.TOO_DEEP, f"more than {ELEMENTS_MAX} values")
        if depth > DEPTH_MAX:
            raise _Refused(Code.TOO_DEEP, f"more than {DEPTH_MAX} levels of JSON")


def _grow(parent: Element, values: Mapping[str, Any], budget: _Budget, depth: int) -> None:
    """Objects become elements, lists repeated ones."""
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            budget.take(depth)
            child = SubElement(parent, name)
            if isinstance(one, dict):
                _grow(child, one, budget, depth + 1)
            elif one is not None:
                child.text = text_of(one)


def _feature(feature: Mapping[str, Any], values: Mapping[str, Any], budget: _Budget) -> Element:
    alert = Element("alert")
    for name in _NWS_ALERT:
        _copy(alert, values, name, budget)
    references = values.get("references")
    triples = [_triple(one) for one in references if isinstance(one, dict)] if isinstance(references, list) else []
    SubElement(alert, "references").text = " ".join(triples)
    info = SubElement(alert, "info")
    for name in _NWS_INFO:
        _copy(info, values, name, budget)
    _pairs(info, "eventCode", values.get("eventCode"), budget)
    _pairs(info, "parameter", values.get("parameters"), budget)
    area = SubElement(info, "area")
    _copy(area, values, "areaDesc", budget)
    for outline in _outlines(feature.get("geometry")):
        SubElement(area, "polygon").text = outline
    _pairs(area, "geocode", values.get("geocode"), budget)
    return alert


def text_of(value: Any) -> str:
    """A value as text; half a character (JSON can write one) gives way to a question mark."""
    return str(value).encode("utf-8", "replace").decode()


def _copy(parent: Element, values: Mapping[str, Any], name: str, budget: _Budget) -> None:
    value = values.get(name)
    for one in value if isinstance(value, list) else [value]:
        if one is not None:
            budget.take(1)
            SubElement(parent, _NWS.get(name, name)).text = text_of(one)


def _pairs(parent: Element, tag: str, values: Any, budget: _Budget) -> None:
    """{"SAME": ["055031", …]} → an element for each value."""
    for name, several in values.items() if isinstance(values, dict) else ():
        for value in several if isinstance(several, list) else [several]:
            budget.take(1)
            one = SubElement(parent, tag)
            SubElement(one, "valueName").text = text_of(name)
            SubElement(one, "value").text = text_of(value)


def _triple(one: Mapping[str, Any]) -> str:
    return ",".join(text_of(one.get(name) or "") for name in ("sender", "identifier", "sent"))


def _outlines(geometry: Any) -> Iterator[str]:
    """The outer rings, written as CAP writes them; what is no polygon says nothing."""
    if not isinstance(geometry, dict) or not isinstance(geometry.get("coordinates"), list):
        return
    kind, coordinates = geometry.get("type"), geometry["coordinates"]
    polygons = coordinates if kind == "MultiPolygon" else [coordinates] if kind == "Polygon" else []
    for polygon in polygons:
        ring = polygon[0] if isinstance(polygon, list) and polygon and isinstance(polygon[0], list) else []
        pairs = [pair for pair in ring if isinstance(pair, list) and len(pair) >= 2]
        yield " ".join(f"{pair[1]},{pair[0]}" for pair in pairs)
