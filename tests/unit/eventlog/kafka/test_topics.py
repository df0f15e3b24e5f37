from __future__ import annotations

from schemas.topics import TOPICS
from services.eventlog.kafka.topics import settings_of


def test_what_the_log_must_promise_stands_in_every_topic() -> None:
    for topic in TOPICS.values():
        settings = settings_of(topic, dev=False)
        assert settings["min.insync.replicas"] == "2"
        assert settings["unclean.leader.election.enable"] == "false"
        assert settings["retention.ms"] == "-1", "what is removed by age is removed by us, never past a group's commit"
        assert int(settings["max.message.bytes"]) > topic.value_bytes_max


def test_only_the_office_is_stamped_by_the_broker() -> None:
    stamped = [
        t.name for t in TOPICS.values() if settings_of(t, dev=False)["message.timestamp.type"] == "LogAppendTime"
    ]
    assert stamped == ["office"]


def test_erased_people_leave_the_log_within_a_day() -> None:
    settings = settings_of(TOPICS["subscriptions"], dev=False)
    assert settings["cleanup.policy"] == "compact"
    assert settings["max.compaction.lag.ms"] == settings["delete.retention.ms"] == "86400000"


def test_for_trying_out_one_broker_is_enough() -> None:
    assert "min.insync.replicas" not in settings_of(TOPICS["office"], dev=True)
