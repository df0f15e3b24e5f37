"""Telegrams that are only a text: a notice on the earthquake feed, and the canary of the chain.

A run of the storm begins with a notice so that the second feed is not empty: an empty feed is an alarm.
"""

from __future__ import annotations

from services.feedserver.core.telegrams import QUAKE_NS, WEATHER_NS, Form, Heading, body, child, report

NOTICE = Form(
    control_title="地震・津波に関するお知らせ", info_kind="地震・津波に関するお知らせ", info_kind_version="1.0_0"
)
NOTICE_TYPE = "VZSE40"
NOTICE_SUFFIX = "010000"
"""The sending centre: earthquake telegrams are national."""


def notice_telegram(heading: Heading, text: str) -> bytes:
    """地震・津波に関するお知らせ (VZSE40)."""
    content = body(QUAKE_NS)
    child(content, "Text", text)
    return report(heading, content)


def comment_telegram(heading: Heading, text: str) -> bytes:
    """A telegram whose Body is one comment."""
    content = body(WEATHER_NS)
    child(child(content, "Comment"), "Text", text, type="動作確認")
    return report(heading, content)
