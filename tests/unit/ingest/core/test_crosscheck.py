from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.area import AreaCode
from schemas.level import Grade
from services.ingest.core.crosscheck import Disagreement, Issue, compared, ours, read, theirs
from services.ingest.core.defect import Defect
from tests.factories import ODAWARA, an_alert, an_info, at
from tests.telegrams import table

HAKONE = AreaCode("class20", "1438200")
RAIN = ("heavy_rain", 3)


def issue(minute: float, *items: tuple[str, str, str]) -> dict[str, Any]:
    """Items: area, code ("" for none), status."""
    kinds = [
        {"areaCode": area, "kinds": [{"status": status, **({"code": code} if code else {})}]}
        for area, code, status in items
    ]
    return {"reportDatetime": at(minute).isoformat(), "warning": {"class20Items": kinds}}


def issues(*made: dict[str, Any]) -> tuple[Issue, ...]:
    found = read(orjson.dumps(list(made)), table())
    assert not isinstance(found, Defect), found
    return found


class TestTheWebsite:
    def test_lists_issues_of_which_the_newest_of_a_hazard_counts(self) -> None:
        found = issues(
            issue(10, ("1420600", "03", "継続")), issue(0, ("1420600", "43", "発表"), ("1438200", "05", "発表"))
        )
        assert [one.reported_at for one in found] == [at(0), at(10)]
        assert theirs(found, at(60)) == (
            {(ODAWARA, "heavy_rain"): 3, (HAKONE, "wind"): 3},
            frozenset({"heavy_rain", "wind"}),
        )

    def test_what_is_released_or_not_known_is_not_in_force(self) -> None:
        found = issues(issue(0, ("1420600", "03", "解除"), ("9999900", "05", "発表"), ("1438200", "99", "発表")))
        assert theirs(found, at(60)) == ({}, frozenset({"heavy_rain"}))

    def test_an_old_code_means_all_its_parts(self) -> None:
        held, _ = theirs(issues(issue(0, ("1410000", "10", "発表"))), at(60))
        assert {area.code for area, _ in held} == {"1410011", "1410012"}

    def test_of_what_may_have_been_ended_since_nothing_is_told(self) -> None:
        found = issues(
            issue(0, ("1420600", "03", "発表")),
            issue(5, ("1420600", "", "発表警報・注意報はなし")),
            issue(6, ("1438200", "05", "発表")),
        )
        assert theirs(found, at(60)) == ({(HAKONE, "wind"): 3}, frozenset({"wind"}))

    def test_of_what_is_very_new_nothing_is_told(self) -> None:
        assert theirs(issues(issue(55, ("1420600", "03", "発表"))), at(60)) == ({}, frozenset())

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"{}",
            b"[1]",
            b'[{"reportDatetime": "soon"}]',
            b'[{"reportDatetime": "2026-09-01T20:00:00+09:00", "warning": {"class20Items": [{"kinds": [1]}]}}]',
        ],
    )
    def test_of_another_shape_is_refused(self, body: bytes) -> None:
        assert isinstance(read(body, table()), Defect)


class TestOurs:
    def test_is_what_stands_for_municipalities(self) -> None:
        coast = an_info("tsunami", level=None, grade=Grade.WARNING, areas=(AreaCode("tsunami", "330"),))
        alerts = [
            an_alert(0, an_info("heavy_rain", level=3), an_info(released=True), coast),
            an_alert(1, an_info("heavy_rain", level=4)),
        ]
        assert ours(alerts, at(60)) == ({(ODAWARA, "heavy_rain"): 4}, frozenset())

    def test_what_is_very_new_is_not_compared(self) -> None:
        assert ours([an_alert(55, an_info("heavy_rain", level=3))], at(60))[1] == {"heavy_rain"}


def test_what_one_has_and_the_other_has_not_is_a_disagreement() -> None:
    mine = {(ODAWARA, "heavy_rain"): 3, (HAKONE, "wind"): 2, (HAKONE, "heavy_rain"): 2}
    website = {(ODAWARA, "heavy_rain"): 4, (HAKONE, "heavy_rain"): 2, (ODAWARA, "wave"): 3}
    found = compared(mine, website, {"heavy_rain", "wind", "wave"})
    assert found == (
        Disagreement(area=ODAWARA, hazard="heavy_rain", ours=3, theirs=4),
        Disagreement(area=ODAWARA, hazard="wave", ours=0, theirs=3),
        Disagreement(area=HAKONE, hazard="wind", ours=2, theirs=0),
    )
    assert str(found[1]) == "class20:1420600 wave: telegrams none, website 3"
    assert compared(mine, website, {"snowstorm"}) == ()
