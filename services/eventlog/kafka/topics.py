"""The topics of a log on Kafka: made and checked from schemas/topics.py, by `hansho topics` and at each start.

Retention is ours, not the broker's: it never removes by age (`retention.ms=-1`); `KafkaLog.maintain` deletes what is old
and committed by every registered group. Compaction is the broker's. What differs is named with what to do about it; what
would change key → partition, or lose copies, is never mended by a program.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from schemas.topics import DAY_S, Policy, Topic
from services.eventlog.kafka.wire import Address
from services.eventlog.port import LogMismatch, LogUnavailable

DAY_MS = DAY_S * 1000
OVERHEAD_BYTES = 65_536
"""Room for key, headers and the batch around a value of the largest size."""
FOR_EVER_MS = 9_223_372_036_854_775_807
REPLICAS, IN_SYNC = 3, 2
OFFSETS_KEPT_MIN = 525_600
"""Minutes that the broker must keep a group's position without a commit: a year. Kafka's own seven days would let
`issue` begin anew after a longer rest."""
CREATED_WITH: Mapping[str, str] = {"segment.ms": str(3_600_000), "min.cleanable.dirty.ratio": "0.1"}
"""How a compacted topic is made so that old bytes leave within hours; an operator may tune it, so it is not checked."""


TRIES, RETRY_S = 50, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What of a topic is not as it should be. `mendable`: `apply` puts it right."""

    topic: str
    found: str
    hint: str
    mendable: bool = False

    def __str__(self) -> str:
        """For people."""
        return f"{self.topic}: {self.found}; {self.hint}"


def settings_of(topic: Topic, *, dev: bool) -> dict[str, str]:
    """What must stand in a topic's configuration. `dev`: one broker is enough."""
    wanted = {
        "max.message.bytes": str(topic.value_bytes_max + OVERHEAD_BYTES),
        "message.timestamp.type": "LogAppendTime" if topic.stamped_by_log else "CreateTime",
        # a rehearsal's clock may be far ahead of the broker's
        "message.timestamp.after.max.ms": str(FOR_EVER_MS),
        "unclean.leader.election.enable": "false",
        "retention.ms": "-1",
        "retention.bytes": "-1",
    }
    if not dev:
        wanted["min.insync.replicas"] = str(IN_SYNC)
    if topic.policy is Policy.COMPACT:
        kept = {"delete.retention.ms": str(DAY_MS), "max.compaction.lag.ms": str(DAY_MS)}
        return wanted | kept | {"cleanup.policy": "compact"}
    return wanted | {"cleanup.policy": "delete"}


async def check(admin: AIOKafkaAdminClient, address: Address, topics: Mapping[str, Topic], *, dev: bool) -> list[Drift]:
    """Everything that is not as it should be, by topic."""
    there = {one["topic"]: one for one in await admin.describe_topics()}
    missing = [name for name in topics if address.topic(name) not in there]
    found = [Drift(topic=address.topic(name), found="is missing", hint=_APPLY, mendable=True) for name in missing]
    present = [topic for name, topic in topics.items() if name not in missing]
    configured = await _configured(admin, [address.topic(topic.name) for topic in present])
    for topic in present:
        name = address.topic(topic.name)
        found += _shape(topic, there[name]["partitions"], name, dev=dev)
        for setting, value in settings_of(topic, dev=dev).items():
            if configured[name].get(setting) != value:
                said = f"{setting} is {configured[name].get(setting)}, not {value}"
                found.append(Drift(topic=name, found=said, hint=_APPLY, mendable=True))
    return found if dev else found + await _of_every_broker(admin)


_APPLY = "`hansho topics apply` puts it right"


def _shape(topic: Topic, partitions: Sequence[Mapping[str, Any]], name: str, *, dev: bool) -> list[Drift]:
    found: list[Drift] = []
    if len(partitions) != topic.partitions:
        said = f"has {len(partitions)} partitions, not {topic.partitions}"
        hint = "this number never changes, it is key → partition: use another prefix, or move the log anew"
        found.append(Drift(topic=name, found=said, hint=hint))
    copies = min((len(one["replicas"]) for one in partitions), default=0)
    if copies < REPLICAS and not dev:
        said = f"has {copies} replicas, fewer than {REPLICAS}"
        hint = "add brokers and raise it with kafka-reassign-partitions; --dev is for trying out only"
        found.append(Drift(topic=name, found=said, hint=hint))
    return found


async def _configured(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    return {row[3]: {entry[0]: entry[1] for entry in row[4]} for answer in answers for row in answer.resources}


async def _of_every_broker(admin: AIOKafkaAdminClient) -> list[Drift]:
    """As `_of_brokers`; a client that has just begun may not know every broker yet."""
    for _ in range(TRIES):
        with contextlib.suppress(KafkaError):
            return await _of_brokers(admin)
        await asyncio.sleep(RETRY_S)
    return await _of_brokers(admin)


async def _of_brokers(admin: AIOKafkaAdminClient) -> list[Drift]:
    """What the brokers must be told by their own configuration."""
    cluster = await admin.describe_cluster()
    found: list[Drift] = []
    for broker in cluster["brokers"]:
        asked = [ConfigResource(ConfigResourceType.BROKER, str(broker["node_id"]))]
        for answer in await admin.describe_configs(asked):
            values = {entry[0]: entry[1] for row in answer.resources for entry in row[4]}
            minutes = int(values.get("offsets.retention.minutes") or 0)
            if minutes < OFFSETS_KEPT_MIN:
                said = f"offsets.retention.minutes is {minutes}, less than {OFFSETS_KEPT_MIN} (a year)"
                hint = "set it in server.properties and restart: a group that rests longer would begin anew"
                found.append(Drift(topic=f"broker {broker['node_id']}", found=said, hint=hint))
    return found


async def apply(
    admin: AIOKafkaAdminClient,
    address: Address,
    topics: Mapping[str, Topic],
    *,
    dev: bool,
    made_with: Mapping[str, str] = CREATED_WITH,
) -> list[str]:
    """Make what is missing and mend what can be mended; answers what was done, a line each."""
    drifts = [one for one in await check(admin, address, topics, dev=dev) if one.mendable]
    by_name = {address.topic(name): topic for name, topic in topics.items()}
    missing = [one.topic for one in drifts if one.found == "is missing"]
    new = []
    for name in missing:
        topic = by_name[name]
        config = settings_of(topic, dev=dev) | (dict(made_with) if topic.policy is Policy.COMPACT else {})
        new.append(NewTopic(name, topic.partitions, 1 if dev else REPLICAS, topic_configs=config))
    if new:
        answer = await admin.create_topics(new)
        _check_made(answer.topic_errors)
    drifted = sorted({one.topic for one in drifts} - set(missing))
    for name in drifted:
        topic = by_name[name]
        config = settings_of(topic, dev=dev) | (dict(made_with) if topic.policy is Policy.COMPACT else {})
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, config)])
    await _until_known(admin, address, topics, dev=dev)
    return [*(f"made {name}" for name in missing), *(f"mended {name}" for name in drifted)]


async def _until_known(admin: AIOKafkaAdminClient, address: Address, topics: Mapping[str, Topic], *, dev: bool) -> None:
    """What was made is there at once; that every broker knows it takes a moment."""
    for _ in range(TRIES):
        if not any(one.mendable for one in await check(admin, address, topics, dev=dev)):
            return
        await asyncio.sleep(RETRY_S)
    raise LogUnavailable("the brokers do not show what was made: look at them, then run it again")


_EXISTS = 36


def _check_made(errors: Sequence[Sequence[Any]]) -> None:
    wrong = [f"{error[0]}: {error[2] or error[1]}" for error in errors if error[1] not in {0, _EXISTS}]
    if wrong:
        raise LogMismatch("; ".join(wrong))
