"""The event log as the services see it: append, read, follow, consume. Nothing else knows which engine it is on.

Three engines stand behind this port (memory for tests, SQLite for one host, Kafka for several); one suite of
conformance tests runs over all of them. Promises:

- `append` returns only when the records are durable; a call's messages are kept all or none. On Kafka, where the servers
  do not answer, it waits: what was handed over cannot be taken back. Whoever cannot wait cancels it, and does not know.
- Offsets rise within a partition and may have gaps. Order of reading is order of offsets.
- Two appends with the same topic and key land in the same partition, in the order in which they were acknowledged.
- A repeat: where a record with the same id stands in a topic that is not compacted, an engine may drop the repeat (the
  embedded ones do, and answer the position of the record that stands) or keep both (Kafka does). Readers rely on
  neither.
- Urgent topics (`Topic.urgent`) overtake the others: their appends are written first, their records fetched first.
- A group's position moves only by `Consumer.commit`, and only over the finished prefix of each partition. A new group
  begins at the oldest record kept. Retention never removes what a registered group has not committed.
- Where several processes share a log (Kafka), a group's partitions are shared among its members and change hands; on one
  host the only member has them all. Whoever is told by other means that it is alone (`alone`) has them all everywhere.
- Kafka compacts and forgets tombstones in its own time, by the machine's clock, and a tombstone waits there for no group;
  retention there removes only from the oldest record on.

Errors are a tree, each with a stable code:

    EventLogError             E2000
    ├── LogFull               E2001  the disk is full: nothing of this call was kept; it works again when there is space
    ├── LogClosed             E2002  the log was closed while the call was under way
    ├── UnknownTopic          E2003  no such topic, or no such partition of it
    ├── MessageTooLarge       E2004  a value is larger than its topic allows
    ├── SchemaTooNew          E2005  the file was written by a newer version of the program
    ├── LogInUse              E2006  another process has the log open for writing
    ├── LogBroken             E2007  the storage failed (damaged file, I/O error); what was acknowledged is not touched
    ├── LogMismatch           E2008  file and program do not belong together: partition counts, policy, network disk
    ├── GroupInUse            E2009  the group has a member in this process already
    └── LogUnavailable        E2010  the log's servers do not answer; reading goes on when they do
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, Protocol

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
BEFORE_FIRST = -1
"""The offset before every record: reading after it starts at the oldest record kept."""
FETCH_MAX = 500
"""Records one fetch or read hands out at the most; the rest waits in the log, not in memory."""
FETCH_BYTES_MAX = 16_000_000
"""Bytes of values one fetch or read hands out, once it has one record: fewer records than asked for may be handed out
though more follow. Only an empty answer means that there are no more now."""
APPEND_MAX = 10_000
"""Messages of one call; a larger call is refused whole (E2004), for it would hold up an emergency behind it."""


class EventLogError(Exception):
    """The log refused or failed: `code` is stable, the text says what to do."""

    code: ClassVar[str] = "E2000"


class LogFull(EventLogError):
    """The disk is full; nothing of the call was kept."""

    code = "E2001"


class LogClosed(EventLogError):
    """The log was closed; what had been acknowledged stays."""

    code = "E2002"


class UnknownTopic(EventLogError):
    """No such topic or partition."""

    code = "E2003"


class MessageTooLarge(EventLogError):
    """A value exceeds `Topic.value_bytes_max`, or a call has more than `APPEND_MAX` messages."""

    code = "E2004"


class SchemaTooNew(EventLogError):
    """The file was written by a newer program; this one must not touch it."""

    code = "E2005"


class LogInUse(EventLogError):
    """Another process has the log open for writing."""

    code = "E2006"


class LogBroken(EventLogError):
    """The storage failed in another way than being full."""

    code = "E2007"


class LogMismatch(EventLogError):
    """The file and this program do not belong together; nothing was changed."""

    code = "E2008"


class GroupInUse(EventLogError):
    """The group has a member in this process already."""

    code = "E2009"


class LogUnavailable(EventLogError):
    """The servers of the log do not answer now; nothing was read, and nothing is wrong with what they keep."""

    code = "E2010"


Release = Callable[[], Awaitable[None]]
"""What a member does before its partitions may go to another: finish or drop what it has of them. Bounded by the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is to be appended. `value` None is a tombstone. `partition` only for topics partitioned by shard."""

    key: str
    value: bytes | None
    id: str
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    partition: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a record stands."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What stands in the log. `appended_at` (aware UTC) is for people: order is by offset, never by time."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    id: str
    headers: Mapping[str, str]
    appended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A message that a consumer's work gave, and the topic it goes to."""

    topic: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLag:
    """How far a group is behind in one partition: `lag_records` not committed, the oldest of them `lag_s` old."""

    group: str
    topic: str
    partition: int
    committed: int
    lag_records: int
    lag_s: float
    holds_back: bool
    """True when retention would remove records but for this group: a dead group fills the disk."""


class Consumer(Protocol):
    """A group's way through its topics; open it with `EventLog.consume`."""

    async def fetch(self, limit: int = FETCH_MAX) -> list[Record]:
        """Wait for records not fetched yet and hand them out: urgent topics first, in order within a partition.

        A cancelled call hands out nothing and loses nothing. Calls of several tasks take turns.
        """
        ...

    async def commit(self, finished: Sequence[Record], outputs: Sequence[Output] = ()) -> list[Position]:
        """Append the outputs, mark the records finished, and move the group over each partition's finished prefix.

        Embedded engines do this in one transaction. Kafka appends first and commits after; the outputs' ids are
        deterministic, so a crash between the two repeats them and changes nothing. When it raises, nothing was kept
        and the same call may be made again. Finishing a record twice is no error. Records of partitions that have gone to
        another member since are passed over: it does them again.
        """
        ...

    @property
    def places(self) -> frozenset[tuple[str, int]]:
        """The (topic, partition) that are this member's now."""
        ...

    async def changed(self, known: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        """Wait until `places` are others than these; answers them."""
        ...

    async def assured(self) -> None:
        """Return when `places` were certainly this member's a moment ago; to be awaited before what only their owner writes.

        Where another may have them since (this process stood still, and was taken for dead) it waits, until it is told to
        let go.
        """
        ...


class EventLog(Protocol):
    """The log. Made by `services.eventlog.open.open_log`."""

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep the messages, all or none, and answer their positions once they are durable.

        When it raises, nothing was kept. When it is cancelled, they may be kept or not: append them again, ids are
        there for that.
        """
        ...

    async def read(
        self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = FETCH_MAX
    ) -> list[Record]:
        """Records of one partition with an offset above `after`, oldest first; empty when there are none now."""
        ...

    async def head(self, topic: str, partition: int) -> int:
        """The highest offset of the partition, `BEFORE_FIRST` when it never had a record."""
        ...

    async def wait(self, seen: Mapping[tuple[str, int], int]) -> None:
        """Return when one of these (topic, partition) has a record above the offset given; at once if it has already."""
        ...

    def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AbstractAsyncContextManager[Consumer]:
        """Join a group: registers it at first, continues behind its commits later; a second member: `GroupInUse`.

        `alone`: the caller sees to it that the group has one member anywhere, which gets every partition. `release` is
        awaited before partitions go to another member of the group.

        A topic the group no longer names keeps its position and holds back retention until the group is forgotten:
        a position is never thrown away by a changed list.
        """
        ...

    async def groups(self, named: Collection[str] = ()) -> list[GroupLag]:
        """The registered groups (of these names, or all) and how far behind they are, by group, topic, partition."""
        ...

    def counts(self) -> Mapping[str, int]:
        """What the engine did to stay alive, by name, since it was opened: rebuilt producers, rebalances, and so on."""
        ...

    async def forget(self, group: str) -> bool:
        """Remove a group and its position, so that it holds nothing back; False when there is none.

        While the group has a member in this process: `GroupInUse`.
        """
        ...

    async def maintain(self, now: datetime) -> int:
        """Remove what retention allows, in slices that let appends through; answers how many records went."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the storage; later calls raise `LogClosed`."""
        ...
