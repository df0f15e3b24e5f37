"""Names and addresses of published telegrams, as JMA writes them."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.feedserver.core.published import published, run_id, telegram_path
from services.feedserver.core.telegrams import JST, TEST, Form, Heading

AT = datetime(2026, 11, 25, 5, 30, 44, 900_000, tzinfo=JST)
HEADING = Heading(
    form=Form(control_title="型", info_kind="種", info_kind_version="1.0_0"),
    title="題",
    status=TEST,
    editorial_office="台",
    publishing_office="県 台",
    sent_at=AT,
    reported_at=AT,
    headline="見出し",
)


def test_a_telegrams_name_carries_its_second_in_utc_its_type_and_its_office() -> None:
    assert telegram_path(at=AT, kind="VPWW55", suffix="140000") == (
        "/developer/xml/data/20261124203044_0_VPWW55_140000.xml"
    )


def test_a_drills_run_stands_in_the_address() -> None:
    path = telegram_path(at=AT, kind="VPWW55", suffix="140000", run_id="run-1")
    assert path == "/developer/xml/data/run-1/20261124203044_0_VPWW55_140000.xml"


@pytest.mark.parametrize("run", ["", "a/b", "..", "run 1", "訓練", "x" * 65])
def test_a_run_id_that_would_break_the_address_is_refused(run: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a URL"):
        telegram_path(at=AT, kind="VPWW55", suffix="140000", run_id=run)


def test_run_ids_sort_as_their_starts_do() -> None:
    first = run_id(at=AT, suffix="ffff")
    second = run_id(at=AT.replace(minute=31), suffix="0000")
    assert first == "run-20261124T203044-ffff"
    assert first < second


def test_an_entry_says_what_the_heading_says() -> None:
    item = published(HEADING, b"<x/>", topic="extra", kind="VPWW55", suffix="140000", run_id="run-1")
    assert (item.at, item.topic, item.body) == (AT, "extra", b"<x/>")
    assert (item.title, item.author, item.content) == ("型", "県 台", "【題】見出し")
    assert item.path.endswith("/run-1/20261124203044_0_VPWW55_140000.xml")
