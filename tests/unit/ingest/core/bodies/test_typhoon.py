from __future__ import annotations

from services.ingest.core.bodies.typhoon import read_probability
from tests.unit.ingest.core.bodies.reading import said


def item(code: str, *values: str) -> str:
    made = "".join(f"<FiftyKtWindProbability>{value}</FiftyKtWindProbability>" for value in values)
    return f"<Item><Kind>{made}</Kind><Area><Name>町</Name><Code>{code}</Code></Area></Item>"


def test_informs_where_the_storm_may_come() -> None:
    body = item("140024", "0", "35") + item("140011", "0") + item("", "90") + item("140020", "不明")
    assert said(read_probability, "typhoon", body) == ["class15:140024 typhoon - 1 active"]
