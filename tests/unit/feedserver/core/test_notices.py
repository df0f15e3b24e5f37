"""Telegrams that are only a text."""

from __future__ import annotations

from datetime import UTC, datetime

from services.feedserver.core.notices import NOTICE, comment_telegram, notice_telegram
from services.feedserver.core.telegrams import DRILL, QUAKE_NS, WEATHER_NS, Heading
from tests.unit.feedserver.core.little_storm import document

AT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
HEADING = Heading(
    form=NOTICE,
    title="お知らせ",
    status=DRILL,
    editorial_office="台",
    publishing_office="台",
    sent_at=AT,
    reported_at=AT,
    headline="見出し",
)


def test_a_notice_is_a_text_in_a_body_of_the_earthquake_kind() -> None:
    assert (
        document(notice_telegram(HEADING, "始めます")).findtext(f"{{{QUAKE_NS}}}Body/{{{QUAKE_NS}}}Text") == "始めます"
    )


def test_a_comment_is_a_text_in_a_body_of_the_weather_kind() -> None:
    body = document(comment_telegram(HEADING, "確認")).find(f"{{{WEATHER_NS}}}Body")
    assert body is not None
    assert body.findtext(f"{{{WEATHER_NS}}}Comment/{{{WEATHER_NS}}}Text") == "確認"
