from __future__ import annotations

import json

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.river.found import Found
from services.ingest.core.river.hubeau import read

ROW = {"code_station": "Z999999999", "grandeur_hydro": "H", "date_obs": "2026-09-01T11:00:00Z", "resultat_obs": -1232.0}


def found(*rows: object) -> Found:
    made = read(json.dumps({"count": len(rows), "api_version": "2.0.1", "data": list(rows)}).encode(), "")
    assert made is not None
    return made


def test_levels_are_millimetres_and_flows_litres() -> None:
    made = found(ROW, ROW | {"grandeur_hydro": "Q", "resultat_obs": 47800.0}, ROW | {"grandeur_hydro": "X"})
    assert [(one.kind, one.value, one.unit, one.datum) for one in made.readings] == [
        (Kind.STAGE, -1.232, "m", "gauge-zero"),
        (Kind.DISCHARGE, 47.8, "m3/s", None),
        (Kind.OTHER, -1232.0, "", None),
    ]


@pytest.mark.parametrize(
    ("fields", "quality", "native"),
    [
        (
            {"code_qualification_obs": 20, "libelle_qualification_obs": "Bonne", "libelle_statut": "Pré-validée"},
            "good",
            "20",
        ),
        ({"code_qualification_obs": 12}, "suspect", "12"),
        ({"libelle_qualification_obs": "Douteuse"}, "suspect", None),
        ({"libelle_qualification_obs": "Non qualifiée"}, "provisional", None),
        ({"code_qualification_obs": 20, "libelle_statut": "Brute"}, "provisional", "20"),
        ({"code_statut": 4}, "provisional", None),
        ({"libelle_methode_obs": "Reconstituée"}, "estimated", None),
        ({"libelle_methode_obs": "Mesurée"}, "good", None),
        ({"resultat_obs": None}, "missing", None),
    ],
)
def test_doubt_is_said_by_labels_or_codes(fields: dict[str, object], quality: str, native: str | None) -> None:
    [one] = found(ROW | fields).readings
    assert (one.quality, one.native.quality) == (Quality(quality), native)


def test_a_worked_out_day_is_french_in_summer_too() -> None:
    rows = [
        {"code_site": "Z9", "grandeur_hydro_elab": "QmnJ", "date_obs_elab": day, "resultat_obs_elab": 15000.5}
        for day in ("2026-01-01", "2026-07-01")
    ]
    assert [(one.station, one.value, one.observed.isoformat()) for one in found(*rows).readings] == [
        ("Z9", 15.0005, "2026-01-01T00:00:00+01:00"),
        ("Z9", 15.0005, "2026-07-01T00:00:00+02:00"),
    ]


def test_an_empty_answer_and_a_list_of_stations_hold_none() -> None:
    assert found().ignored
    assert found({"code_station": "Z999999999", "libelle_station": "x"}).ignored


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 1}', b'{"data": []}', b'{"data": [], "count": 1}'])
def test_other_documents_are_not_ours(body: bytes) -> None:
    assert read(body, "") is None
