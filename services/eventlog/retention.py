"""How long records stay: by age where a topic has one, tombstones for a day, the rest for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.topics import DAY_S, Policy, Topic
from services.eventlog.port import Record

TOMBSTONE_S = DAY_S
"""How long a tombstone stays, so that whoever follows the topic sees it; after that the key is as if it never was."""


def cutoff(topic: Topic, now: datetime) -> datetime | None:
    """Removable records of this topic appended before this may go; None when none ever goes by age."""
    age_s = TOMBSTONE_S if topic.policy is Policy.COMPACT else topic.retention_s
    return None if age_s is None else now - timedelta(seconds=age_s)


def is_removable(topic: Topic, record: Record, before: datetime | None) -> bool:
    """Whether age alone would let this record go: in a compacted topic only a tombstone ever does."""
    if before is None or record.appended_at >= before:
        return False
    return topic.policy is Policy.DELETE or record.value is None
