"""The canary: a 試験 telegram of our own that travels the whole chain; its age per stage shows that the chain lives."""

from __future__ import annotations

from datetime import datetime

from services.feedserver.core.notices import comment_telegram
from services.feedserver.core.published import Published, published
from services.feedserver.core.telegrams import TEST, Form, Heading

FORM = Form(control_title="半鐘動作確認", info_kind="半鐘動作確認", info_kind_version="1.0_0")
OFFICE = "半鐘"
EVENT_ID = "canary"
TYPE = "HANSHO"


def canary_telegram(serial: int, at: datetime) -> Published:
    """The canary number `serial`, published at `at` (aware): never an alert, never shown to anybody."""
    headline = f"動作確認 第{serial}号。この電文は半鐘自身の動作確認であり、気象や災害とは関係ありません。"
    heading = Heading(
        form=FORM,
        title=FORM.control_title,
        status=TEST,
        editorial_office=OFFICE,
        publishing_office=OFFICE,
        sent_at=at,
        reported_at=at,
        headline=headline,
        event_id=EVENT_ID,
        serial=str(serial),
    )
    return published(heading, comment_telegram(heading, headline), topic="canary", kind=TYPE, suffix=EVENT_ID)
