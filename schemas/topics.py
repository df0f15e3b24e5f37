"""Every topic of the log, as data: engines create and check topics from here, and the documentation prints them.

Source: the system's design, section "Topics". Partition counts never change: key → partition must survive a move
from one engine to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DAY_S = 86_400
MESSAGE_BYTES_MAX = 1_000_000
"""Default limit of one record's value; a larger one is refused by `append` (E2004), never cut."""


class Policy(StrEnum):
    """What becomes of old records."""

    DELETE = "delete"
    """Removed by age, never past the commit of a registered group."""
    COMPACT = "compact"
    """Only the newest record of each key stays; a tombstone (value None) removes the key."""


class Partitioning(StrEnum):
    """How a record finds its partition."""

    KEY = "key"
    """murmur2 of the key, as Kafka's default partitioner does."""
    SHARD = "shard"
    """The writer names the partition: it is the number of the subscribers' shard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: `retention_s` None means for ever; `payload` None means its type does not exist yet, so neither does it."""

    name: str
    key: str
    partitions: int
    policy: Policy
    retention_s: int | None
    payload: str | None
    content: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    urgent: bool = False
    """Appends and reads of an urgent topic overtake those of the others at every queue (invariant 11)."""
    partitioning: Partitioning = Partitioning.KEY
    value_bytes_max: int = MESSAGE_BYTES_MAX
    stamped_by_log: bool = False
    """`appended_at` is given where the log keeps the record, not where it was sent from: a deadline is judged by it."""


def _topic(  # noqa: PLR0917 - a row of the table below, read as a row
    name: str,
    key: str,
    partitions: int,
    retention_s: int | None,
    payload: str | None,
    content: str,
    writers: str,
    readers: str,
    *,
    compact: bool = False,
    urgent: bool = False,
    by_shard: bool = False,
    value_bytes_max: int = MESSAGE_BYTES_MAX,
    stamped_by_log: bool = False,
) -> Topic:
    return Topic(
        name=name,
        key=key,
        partitions=partitions,
        policy=Policy.COMPACT if compact else Policy.DELETE,
        retention_s=retention_s,
        payload=payload,
        content=content,
        writers=tuple(writers.split()),
        readers=tuple(readers.split()),
        urgent=urgent,
        partitioning=Partitioning.SHARD if by_shard else Partitioning.KEY,
        value_bytes_max=value_bytes_max,
        stamped_by_log=stamped_by_log,
    )


TELEGRAM_BYTES_MAX = 8_000_000
"""The largest telegram we accept; JMA's largest (VPWS50) are a few megabytes."""

DECISION_BYTES_MAX = 8_000_000
"""A decision holds a bitmap of a shard's devices for each group, hazard, area and rank: kilobytes for a city, a few
megabytes for a prefecture whose every municipality is warned of everything at once."""

_ROWS: tuple[Topic, ...] = (
    _topic(
        "telegrams",
        "source:entry id",
        4,
        10 * DAY_S,
        "telegram",
        "raw bytes of a telegram, how it was fetched, its SHA-256",
        "ingest",
        "ingest",
        # base64 of a gzip that did not shrink: 4/3 of the telegram and the other fields
        value_bytes_max=TELEGRAM_BYTES_MAX * 3 // 2,
    ),
    _topic(
        "observations",
        "source:station",
        4,
        14 * DAY_S,
        "observation",
        "gauge readings, and that a gauge is no longer listed",
        "ingest",
        "ingest gateway",
    ),
    _topic(
        "alerts.emergency",
        "stream id",
        4,
        90 * DAY_S,
        "alert",
        "alerts of streams that can reach rank 4; each a full snapshot of its stream",
        "ingest gateway",
        "dispatcher",
        urgent=True,
    ),
    _topic(
        "alerts.routine",
        "stream id",
        4,
        30 * DAY_S,
        "alert",
        "alerts of the other streams",
        "ingest gateway",
        "dispatcher",
    ),
    _topic(
        "drills", "stream id", 4, 30 * DAY_S, "alert", "alerts with status Exercise", "ingest gateway", "dispatcher"
    ),
    _topic(
        "situation",
        "stream id",
        1,
        None,
        "situation",
        "newest alert and fold state of each stream",
        "dispatcher",
        "gateway",
        compact=True,
        urgent=True,
    ),
    _topic(
        "subscriptions",
        "device id",
        16,
        None,
        "subscription",
        "what a device follows and how it is reached",
        "gateway",
        "dispatcher gateway",
        compact=True,
    ),
    _topic(
        "numbers",
        "device id",
        16,
        None,
        "number",
        "dense number of a device",
        "dispatcher",
        "dispatcher",
        compact=True,
        by_shard=True,
    ),
    _topic(
        "decisions",
        "alert:revision:shard",
        16,
        90 * DAY_S,
        "decision",
        "who is told of a revision, and why",
        "dispatcher",
        "dispatcher",
        urgent=True,
        by_shard=True,
        value_bytes_max=DECISION_BYTES_MAX,
    ),
    _topic(
        "ledger",
        "run:shard:hazard:area:rank",
        16,
        None,
        "ledger",
        "who has been told",
        "dispatcher",
        "dispatcher",
        compact=True,
        by_shard=True,
    ),
    _topic(
        "deliveries.emergency",
        "alert:revision:shard:seq",
        8,
        3 * DAY_S,
        "order",
        "orders of up to 500 device ids of one language and channel",
        "dispatcher",
        "gateway",
        urgent=True,
    ),
    _topic(
        "deliveries.routine",
        "alert:revision:shard:seq",
        8,
        3 * DAY_S,
        "order",
        "the same, for what can wait",
        "dispatcher",
        "gateway",
    ),
    _topic(
        "receipts",
        "alert:revision:shard:seq",
        4,
        30 * DAY_S,
        "receipt",
        "what became of an order",
        "gateway",
        "dispatcher gateway",
    ),
    _topic(
        "office",
        "incident id",
        1,
        None,
        "office",
        "commands of the office: drafts, submissions, approvals, ends, co-signatures, who is an officer",
        "gateway",
        "gateway",
        urgent=True,
        stamped_by_log=True,
    ),
    _topic(
        "registry",
        "kind:id",
        1,
        None,
        "officer",
        "officers' hashed credentials and log-ins, signs, webhooks",
        "gateway",
        "gateway",
        compact=True,
    ),
    _topic(
        "status",
        "subject",
        1,
        None,
        "status",
        "health of each feed, service and the canary; leases",
        "ingest dispatcher gateway",
        "gateway dispatcher",
        compact=True,
    ),
    _topic("questions", "id", 1, 3600, "question", "preview and explain, asked", "gateway", "dispatcher"),
    _topic("answers", "id", 1, 3600, "answer", "preview and explain, answered", "dispatcher", "gateway"),
    _topic(
        "dead",
        "original key",
        4,
        90 * DAY_S,
        "dead",
        "what could not be handled: original bytes, origin, error",
        "ingest dispatcher gateway",
        "operator",
        value_bytes_max=TELEGRAM_BYTES_MAX * 3 // 2,
    ),
)

PLANNED: dict[str, Topic] = {topic.name: topic for topic in _ROWS}
"""All topics of the design, also those whose payload does not exist yet."""

TOPICS: dict[str, Topic] = {name: topic for name, topic in PLANNED.items() if topic.payload is not None}
"""The topics that engines create. `subscriptions` is created empty: its partition 0 names the writer of `situation`."""
