"""What is checked before a message is let into the log; the same in every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from schemas.topics import Partitioning, Topic
from services.eventlog.partition import partition_of
from services.eventlog.port import APPEND_MAX, FETCH_MAX, Message, MessageTooLarge, Output, Record, UnknownTopic

Topics = Mapping[str, Topic]


class Entry(NamedTuple):
    """A message that was let in: where it goes, and its headers as JSON."""

    topic: Topic
    partition: int
    message: Message
    headers: bytes


def topic_named(topics: Topics, name: str) -> Topic:
    """The topic of that name; raises `UnknownTopic`."""
    topic = topics.get(name)
    if topic is None:
        raise UnknownTopic(f"There is no topic {name!r}. Topics are those of schemas/topics.py: {', '.join(topics)}.")
    return topic


def checked_place(topics: Topics, name: str, partition: int) -> tuple[str, int]:
    """The place (topic, partition) when it exists; raises `UnknownTopic`."""
    count = topic_named(topics, name).partitions
    if not 0 <= partition < count:
        raise UnknownTopic(f"Topic {name} has no partition {partition}; it has 0 to {count - 1}.")
    return name, partition


def checked_limit(limit: int) -> int:
    """How many records may be handed out: at least one was asked for, and never more than `FETCH_MAX`."""
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    return min(limit, FETCH_MAX)


def admit(topics: Topics, name: str, messages: Sequence[Message]) -> list[Entry]:
    """Check all messages of a call before any is kept; raises a typed error that names the message."""
    topic = topic_named(topics, name)
    if len(messages) > APPEND_MAX:
        raise MessageTooLarge(
            f"{len(messages)} messages for {name} in one call: nothing was kept. At most {APPEND_MAX} go in one call."
        )
    return [_admitted(topic, message) for message in messages]


def admit_outputs(topics: Topics, outputs: Sequence[Output]) -> list[Entry]:
    """The same for the outputs of a consumer's commit, which may go to several topics."""
    if len(outputs) > APPEND_MAX:
        raise MessageTooLarge(
            f"{len(outputs)} outputs in one commit: nothing was kept. At most {APPEND_MAX} go in one call."
        )
    return [_admitted(topic_named(topics, output.topic), output.message) for output in outputs]


def entry_of(topics: Topics, record: Record) -> Entry:
    """A record of another engine, as it stood there."""
    message = Message(key=record.key, value=record.value, id=record.id, headers=record.headers)
    return Entry(topic_named(topics, record.topic), record.partition, message, b"")


def _admitted(topic: Topic, message: Message) -> Entry:
    if not message.id:
        raise ValueError(f"a message for {topic.name} with key {message.key!r} has no id")
    if message.value is not None and len(message.value) > topic.value_bytes_max:
        raise MessageTooLarge(
            f"Message {message.id} for {topic.name} has {len(message.value)} bytes, more than the {topic.value_bytes_max} "
            "that the topic takes: nothing of the call was kept. Send it smaller, or as a reference."
        )
    for text in (message.key, message.id):
        text.encode()  # half a surrogate pair cannot be kept: UnicodeEncodeError, which is a ValueError
    headers = orjson.dumps(dict(message.headers)) if message.headers else b"{}"
    return Entry(topic, _partition(topic, message), message, headers)


def _partition(topic: Topic, message: Message) -> int:
    if topic.partitioning is Partitioning.KEY:
        if message.partition is not None:
            raise ValueError(f"{topic.name} is partitioned by key: message {message.id} must not name a partition")
        return partition_of(message.key, topic.partitions)
    if message.partition is None:
        raise ValueError(f"{topic.name} is partitioned by shard: message {message.id} must name its partition")
    if not 0 <= message.partition < topic.partitions:
        raise UnknownTopic(
            f"Message {message.id} names partition {message.partition} of {topic.name}, which has 0 to "
            f"{topic.partitions - 1}: nothing of the call was kept."
        )
    return message.partition
