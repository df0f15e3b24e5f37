"""The canary is a test telegram with a number, and never anything else."""

from __future__ import annotations

from datetime import UTC, datetime

from services.feedserver.core.canary import canary_telegram
from tests.unit.feedserver.core.little_storm import document, texts

AT = datetime(2026, 11, 24, 21, 0, 7, tzinfo=UTC)


def test_the_canary_says_it_is_a_test_and_counts() -> None:
    root = document(canary_telegram(12, AT).body)
    said = {name: texts(root, name) for name in ("Status", "EventID", "Serial", "InfoType", "Title", "ReportDateTime")}
    assert said == {
        "Status": ["試験"],
        "EventID": ["canary"],
        "Serial": ["12"],
        "InfoType": ["発表"],
        "Title": ["半鐘動作確認", "半鐘動作確認"],
        "ReportDateTime": ["2026-11-25T06:00:07+09:00"],
    }
    assert texts(root, "Area") == texts(root, "Kind") == []


def test_the_canary_has_a_feed_and_a_type_of_its_own() -> None:
    item = canary_telegram(1, AT)
    assert (item.topic, item.at) == ("canary", AT)
    assert item.path == "/developer/xml/data/20261124210007_0_HANSHO_canary.xml"
    assert item.content.startswith("【半鐘動作確認】動作確認 第1号。")
