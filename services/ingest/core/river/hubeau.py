"""France, Hub'Eau hydrométrie: observations as they come (`resultat_obs`) and worked out by day (`resultat_obs_elab`).

Levels are in millimetres from the zero of the station's scale, flows in litres a second. A day is French. Doubt is said by
`libelle_qualification_obs` (Douteuse), reconstruction by the method, and what nobody has looked at is provisional.

Source: the API's documentation (v2) and SANDRE's code lists as public clients show them; recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from schemas.observation import Kind, Native, Quality
from services.ingest.core.defect import Defect
from services.ingest.core.river.found import Found, Gathering, day_start, from_json, instant, member, objects, text

SOURCE = "hubeau"
DATUM = "gauge-zero"
PARIS = ZoneInfo("Europe/Paris")
_KINDS = {"H": (Kind.STAGE, "mm"), "Q": (Kind.DISCHARGE, "l/s")}
_SUSPECT = ("douteuse", "12")
_METHODS = ("reconstitu", "interpol", "estim")
_RAW = ("brute", "sans validation", "0", "4")


def read(body: bytes, name: str) -> Found | None:
    """An answer of the service, known by its paging fields."""
    del name
    document = from_json(body)
    if isinstance(document, Defect) or not isinstance(member(document, "data"), list):
        return None
    if not isinstance(document, dict) or not {"count", "api_version"} <= document.keys():
        return None
    gathering = Gathering(SOURCE)
    for row in objects(document["data"]):
        if "resultat_obs" in row:
            _add(gathering, row, "resultat_obs", "grandeur_hydro", "date_obs")
        elif "resultat_obs_elab" in row:
            _add(gathering, row, "resultat_obs_elab", "grandeur_hydro_elab", "date_obs_elab")
    return gathering.found("stations, or an empty answer")


def _add(gathering: Gathering, row: Mapping[str, object], field: str, measured: str, date: str) -> None:
    kind, unit = _KINDS.get((text(row.get(measured)) or "")[:1], (Kind.OTHER, ""))
    code = text(row.get("code_qualification_obs")) or text(row.get("code_qualification"))
    gathering.add(
        kind,
        station=text(row.get("code_station")) or text(row.get("code_site")),
        name=text(row.get("libelle_station")),
        observed=instant(row.get(date)) or day_start(row.get(date), PARIS),
        native=Native(value=text(row.get(field)), time=text(row.get(date)), quality=code),
        unit=unit,
        quality=_quality(row, code),
        datum=DATUM,
    )


def _quality(row: Mapping[str, object], code: str | None) -> Quality:
    def said(*names: str) -> str:
        return next((word.lower() for name in names if (word := text(row.get(name)))), "")

    qualification = said("libelle_qualification_obs", "libelle_qualification") or (code or "")
    if qualification in _SUSPECT:
        return Quality.SUSPECT
    if said("libelle_methode_obs", "libelle_methode").startswith(_METHODS):
        return Quality.ESTIMATED
    if said("libelle_statut", "code_statut") in _RAW or qualification.startswith("non qualifi"):
        return Quality.PROVISIONAL
    return Quality.GOOD
