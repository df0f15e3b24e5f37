"""The canary: a 試験 telegram of our own that travels the whole chain; its age per stage shows that the chain lives."""

from __future__ import annotations

from datetime import datetime

from services.feedserver.core.notices import comment_telegram
from services.feedserver.core.published import Published, telegram_path
from services.feedserver.core.telegrams import TEST, Heading

TITLE = "半鐘動作確認"
OFFICE = "半鐘"
EVENT_ID = "canary"
TYPE = "HANSHO"


def canary_telegram(serial: int, at: datetime) -> Published:
    """The canary number `serial`, published at `at` (aware): never an alert, never shown to anybody."""
    headline = f"動作確認 第{serial}号。この電文は半鐘自身の動作確認であり、気象や災害とは関係ありません。"
    heading = Heading(
        control_title=TITLE,
        title=TITLE,
        status=TEST,
        editorial_office=OFFICE,
        publishing_office=OFFICE,
        sent_at=at,
        reported_at=at,
        info_kind=TITLE,
        info_kind_version="1.0_0",
        headline=headline,
        event_id=EVENT_ID,
        serial=str(serial),
    )
    return Published(
        at=at,
        topic="canary",
        path=telegram_path(at=at, kind=TYPE, suffix=EVENT_ID),
        body=comment_telegram(heading, headline),
        title=TITLE,
        author=OFFICE,
        content=f"【{TITLE}】{headline}",
    )
