from __future__ import annotations

from schemas import codec
from schemas.topics import PLANNED, TOPICS, Partitioning, Policy

PARTITIONS = {
    "subscriptions": 16,
    "numbers": 16,
    "decisions": 16,
    "ledger": 16,
    "deliveries.emergency": 8,
    "deliveries.routine": 8,
    "situation": 1,
    "office": 1,
    "registry": 1,
    "status": 1,
    "questions": 1,
    "answers": 1,
}


def test_partition_counts_are_those_that_never_change() -> None:
    assert {name: topic.partitions for name, topic in PLANNED.items()} == {
        name: PARTITIONS.get(name, 4) for name in PLANNED
    }


def test_a_topic_exists_when_its_payload_does() -> None:
    kinds = {topic.payload for topic in TOPICS.values()}
    assert kinds <= set(codec.KINDS)
    assert {"telegrams", "observations", "situation", "status", "dead"} <= set(TOPICS)
    assert set(PLANNED) - set(TOPICS) == {name for name, topic in PLANNED.items() if topic.payload is None}


def test_what_is_decided_by_shard_is_not_hashed() -> None:
    by_shard = {name for name, topic in PLANNED.items() if topic.partitioning is Partitioning.SHARD}
    assert by_shard == {"numbers", "decisions", "ledger"}


def test_emergencies_and_what_they_need_are_urgent() -> None:
    assert {name for name, topic in PLANNED.items() if topic.urgent} == {
        "alerts.emergency",
        "situation",
        "decisions",
        "deliveries.emergency",
        "office",
    }


def test_only_compacted_topics_and_the_office_are_kept_for_ever() -> None:
    for_ever = {name for name, topic in PLANNED.items() if topic.retention_s is None}
    assert for_ever == {name for name, topic in PLANNED.items() if topic.policy is Policy.COMPACT} | {"office"}
