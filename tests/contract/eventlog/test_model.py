"""Every engine against a model of the log that fits on a page, over histories that hypothesis makes up."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from schemas.topics import DAY_S, Policy
from services.eventlog.partition import partition_of
from services.eventlog.port import BEFORE_FIRST, Consumer, EventLog, Message, Output, Position, Record
from tests.contract.eventlog.engines import ENGINES, TOPICS, Clock, Engine, Place, everything, places

KEPT = ("letters", "bells", "table")
CONSUMED = ("letters", "bells", "table")
GROUP = "group"
KEYS = st.sampled_from(["a", "b", "c", "洪水", ""])
MESSAGES = st.lists(
    st.tuples(KEYS, st.sampled_from([b"1", b"2", None]), st.sampled_from(["id 1", "id 2", "id 3", "id 4", "id 5"])),
    min_size=1,
    max_size=4,
)


@dataclass(slots=True)
class Row:
    """A record as the model keeps it; `age_s` counts from its append."""

    offset: int
    key: str
    value: bytes | None
    id: str
    age_s: float = 0.0


@dataclass(slots=True)
class Model:
    """What should stand in the log; it takes offsets from the engine and checks only that they rise."""

    rows: dict[Place, list[Row]] = field(default_factory=lambda: {place: [] for place in places(*KEPT)})
    heads: dict[Place, int] = field(default_factory=lambda: dict.fromkeys(places(*KEPT), BEFORE_FIRST))
    registered: bool = False
    handed_out: dict[Place, list[int]] = field(default_factory=lambda: {place: [] for place in places(*CONSUMED)})
    cursor: dict[Place, int] = field(default_factory=lambda: dict.fromkeys(places(*CONSUMED), BEFORE_FIRST))
    finished: set[int] = field(default_factory=set)
    committed: dict[Place, int] = field(default_factory=lambda: dict.fromkeys(places(*CONSUMED), BEFORE_FIRST))

    def append(self, topic: str, messages: list[Message], positions: list[Position]) -> None:
        compacted = TOPICS[topic].policy is Policy.COMPACT
        for message, position in zip(messages, positions, strict=True):
            stands = [(place, row) for place in places(topic) for row in self.rows[place] if row.id == message.id]
            if stands and not compacted:
                assert (position.partition, position.offset) == (stands[0][0][1], stands[0][1].offset)
                continue
            place = (topic, partition_of(message.key, TOPICS[topic].partitions))
            assert position.partition == place[1]
            assert position.offset > self.heads[place]
            self.heads[place] = position.offset
            if compacted:
                self.rows[place] = [row for row in self.rows[place] if row.key != message.key]
            self.rows[place].append(Row(position.offset, message.key, message.value, message.id))

    def fetch(self, records: list[Record]) -> None:
        for record in records:
            place = (record.topic, record.partition)
            expected = next(row for row in self.rows[place] if row.offset > self.cursor[place])
            assert (record.offset, record.key, record.value) == (expected.offset, expected.key, expected.value)
            self.cursor[place] = record.offset
            self.handed_out[place].append(record.offset)

    def is_behind(self) -> bool:
        return any(row.offset > self.cursor[place] for place in places(*CONSUMED) for row in self.rows[place])

    def commit(self, records: list[Record]) -> None:
        self.finished |= {record.offset for record in records}
        for place, offsets in self.handed_out.items():
            while offsets and offsets[0] in self.finished:
                self.committed[place] = offsets.pop(0)

    def rejoin(self) -> None:
        self.registered = True
        self.cursor = dict(self.committed)
        self.handed_out = {place: [] for place in self.cursor}
        self.finished = set()

    def forget(self) -> bool:
        was, self.registered = self.registered, False
        self.committed = dict.fromkeys(self.committed, BEFORE_FIRST)
        return was

    def maintain(self) -> int:
        before = sum(map(len, self.rows.values()))
        for place, rows in self.rows.items():
            self.rows[place] = [row for row in rows if not self._may_go(place, row)]
        return before - sum(map(len, self.rows.values()))

    def _may_go(self, place: Place, row: Row) -> bool:
        if self.registered and row.offset > self.committed[place]:
            return False
        return row.age_s > DAY_S and (TOPICS[place[0]].policy is Policy.DELETE or row.value is None)


class Histories(RuleBasedStateMachine):
    """One history of one log with one group."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.model = Model()
        self.joined: AbstractAsyncContextManager[Consumer] | None = None
        self.unfinished: list[Record] = []

    @initialize()
    def open(self) -> None:
        self.log: EventLog = self.runner.run(self.engine.open(Path(self.folder.name), self.clock))

    def teardown(self) -> None:
        self.leave()
        self.runner.run(self.log.close())
        self.runner.close()
        self.folder.cleanup()

    @rule(topic=st.sampled_from(KEPT), drawn=MESSAGES)
    def append(self, topic: str, drawn: list[tuple[str, bytes | None, str]]) -> None:
        messages = [Message(key=key, value=value, id=id_) for key, value, id_ in drawn]
        self.model.append(topic, messages, self.runner.run(self.log.append(topic, messages)))

    @precondition(lambda self: self.joined is None)
    @rule()
    def join(self) -> None:
        self.joined = self.log.consume(GROUP, CONSUMED)
        self.consumer = self.runner.run(self.joined.__aenter__())
        self.model.rejoin()

    @precondition(lambda self: self.joined is not None)
    @rule()
    def leave(self) -> None:
        if self.joined is not None:
            self.runner.run(self.joined.__aexit__(None, None, None))
        self.joined = None
        self.unfinished = []

    @precondition(lambda self: self.joined is not None and self.model.is_behind())
    @rule(limit=st.integers(1, 6))
    def fetch(self, limit: int) -> None:
        records = self.runner.run(self.consumer.fetch(limit))
        assert 1 <= len(records) <= limit
        self.model.fetch(records)
        self.unfinished += records

    @precondition(lambda self: self.joined is not None)
    @rule(which=st.lists(st.booleans(), max_size=12), output=st.booleans())
    def commit(self, which: list[bool], output: bool) -> None:
        finished = [record for record, chosen in zip(self.unfinished, which, strict=False) if chosen]
        messages = [Message(key="a", value=b"out", id=f"out {len(finished)}")] if output else []
        positions = self.runner.run(
            self.consumer.commit(finished, [Output(topic="letters", message=message) for message in messages])
        )
        self.model.append("letters", messages, positions)
        self.model.commit(finished)
        self.unfinished = [record for record in self.unfinished if record not in finished]

    @precondition(lambda self: self.joined is None)
    @rule()
    def forget(self) -> None:
        assert self.runner.run(self.log.forget(GROUP)) == self.model.forget()

    @rule(days=st.sampled_from([0.3, 0.6, 1.1]))
    def pass_time(self, days: float) -> None:
        self.clock.advance(days * DAY_S)
        for rows in self.model.rows.values():
            for row in rows:
                row.age_s += days * DAY_S

    @rule()
    def maintain(self) -> None:
        assert self.runner.run(self.log.maintain(self.clock.now)) == self.model.maintain()

    @precondition(lambda self: self.engine.survives_closing)
    @rule()
    def close_and_open(self) -> None:
        self.leave()
        self.runner.run(self.log.close())
        self.open()

    @invariant()
    def the_log_holds_what_the_model_holds(self) -> None:
        found = self.runner.run(everything(self.log, *KEPT))
        expected = [(*place, r.offset, r.key, r.value, r.id) for place in places(*KEPT) for r in self.model.rows[place]]
        assert [(r.topic, r.partition, r.offset, r.key, r.value, r.id) for r in found] == expected

    @invariant()
    def heads_and_positions_are_the_models(self) -> None:
        heads = {place: self.runner.run(self.log.head(*place)) for place in self.model.heads}
        assert heads == self.model.heads
        lags = {(lag.topic, lag.partition): lag for lag in self.runner.run(self.log.groups())}
        assert bool(lags) == self.model.registered
        for place, lag in lags.items():
            assert lag.committed == self.model.committed[place]
            behind = [row for row in self.model.rows[place] if row.offset > lag.committed]
            assert lag.lag_records == len(behind)


@pytest.mark.parametrize("name", [name for name, engine in ENGINES.items() if engine.compacts_at_once])
def test_any_history_leaves_what_the_model_says(name: str) -> None:
    histories = type(f"HistoriesOf{name.title()}", (Histories,), {"engine": ENGINES[name]})
    examples = settings(max_examples=40, stateful_step_count=40)
    run_state_machine_as_test(histories, settings=examples)
