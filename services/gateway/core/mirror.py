"""The gateway's copy of the situation: a fold of the records of topic `situation`, and the frames made of it.

Immutable: `fold` gives the next mirror. A client's truth is *snapshot ⊕ events = fresh snapshot*: whoever takes the
snapshot at an offset and then every later step holds what a newcomer's snapshot says.

The head that clients see is the offset of the last record that concerns them; records of the canary and of the epoch
move only `position`, where reading continues.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from schemas.lifecycle import Stream, standing
from schemas.situation import CANARY_STREAM, EPOCH_KEY, digest
from schemas.telegram import Epoch
from services.gateway.core import frames, message
from services.gateway.core.frames import Frame
from services.gateway.core.message import Names

BEFORE_FIRST = -1
"""The offset before every record (as in the log's port)."""
REPLAY_MAX = 512
REPLAY_BYTES_MAX = 8_000_000
"""Steps, and bytes of them, kept for those who come back. A client that missed more gets the snapshot, which is then the
shorter way."""


_EMPTY = digest(())
_NOTHING = frames.snapshot(epoch="", offset=BEFORE_FIRST, digest=_EMPTY, streams=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One record of `situation`: a stream, the epoch, or None where the key is a tombstone. `cause` is the alert's id."""

    offset: int
    key: str
    id: str
    cause: str = ""
    value: Stream | Epoch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one change means for a client. `digest` is known where no other change was read together with it."""

    offset: int
    frame: Frame
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The situation up to `offset`.

    `streams` are whole, `encoded` as clients get them. `steps` are the newest changes, all those above `floor`, so
    that a client at `floor` or later can be brought to the head by them alone. `canary` is our own test, apart from
    everything. `names`: what areas are called in the messages.
    """

    epoch: str = ""
    offset: int = BEFORE_FIRST
    position: int = BEFORE_FIRST
    digest: str = _EMPTY
    streams: Mapping[str, Stream] = field(default_factory=lambda: MappingProxyType({}))
    encoded: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    floor: int = BEFORE_FIRST
    steps: tuple[Step, ...] = ()
    canary: Step | None = None
    snapshot: Frame = _NOTHING
    names: Names = field(default_factory=lambda: MappingProxyType({}))

    def since(self, offset: int) -> tuple[Step, ...] | None:
        """The steps from an offset to the head; None when they are not all kept, or the offset is not ours."""
        if not self.floor <= offset <= self.offset:
            return None
        return self.steps[bisect_right(self.steps, offset, key=lambda step: step.offset) :]

    def contradicts(self, offset: int, digest_there: str) -> bool:
        """Whether a client that says it stood at `offset` with this digest held something else than it should."""
        if offset == self.offset:
            return digest_there != self.digest
        known = next((step.digest for step in self.steps if step.offset == offset), None)
        return known is not None and digest_there != known


def fold(mirror: Mirror, changes: Iterable[Change], *, live: bool) -> Mirror:
    """The mirror after these records, in their order; those read before change nothing.

    `live` False while the topic is read for the first time: compaction has removed records between those, so no client
    may be brought forward by them, and the mirror begins to keep steps from there.
    """
    draft = _Draft(mirror)
    for change in changes:
        if change.offset > draft.position:
            draft.take(change)
    return draft.done(live=live)


class _Draft:
    """The next mirror while several changes are taken in: copies once a batch, not once a record."""

    def __init__(self, before: Mirror) -> None:
        self.before = before
        self.epoch = before.epoch
        self.offset = before.offset
        self.position = before.position
        self.streams = dict(before.streams)
        self.encoded = dict(before.encoded)
        self.taken: list[tuple[int, Frame]] = []
        self.canary = before.canary

    def take(self, change: Change) -> None:
        self.position = change.offset
        if change.key == EPOCH_KEY:
            self.epoch = change.value.epoch if isinstance(change.value, Epoch) else self.epoch
        elif change.key == CANARY_STREAM:
            self._take_canary(change)
        elif isinstance(change.value, Stream):
            self.streams[change.key] = change.value
            self.encoded[change.key] = self._reduced(change.value)
            self._step(change, self._alert(change, self.encoded[change.key]))
        elif change.key in self.streams:
            del self.streams[change.key], self.encoded[change.key]
            self._step(change, frames.gone(epoch=self.epoch, offset=change.offset, id=change.id, stream=change.key))

    def _take_canary(self, change: Change) -> None:
        if isinstance(change.value, Stream):
            self.canary = Step(offset=change.offset, frame=self._alert(change, self._reduced(change.value)))

    def _reduced(self, stream: Stream) -> bytes:
        top = standing(stream)
        return frames.reduced(stream, () if top is None else message.wire_of(top, self.before.names))

    def _alert(self, change: Change, stream: bytes) -> Frame:
        return frames.alert(epoch=self.epoch, offset=change.offset, id=change.id, cause=change.cause, stream=stream)

    def _step(self, change: Change, frame: Frame) -> None:
        self.offset = change.offset
        self.taken.append((change.offset, frame))

    def done(self, *, live: bool) -> Mirror:
        sum_ = digest(self.streams.values())
        floor, steps = self._kept(sum_, live=live)
        return Mirror(
            epoch=self.epoch,
            offset=self.offset,
            position=self.position,
            digest=sum_,
            streams=MappingProxyType(self.streams),
            encoded=MappingProxyType(self.encoded),
            floor=floor,
            steps=steps,
            canary=self.canary,
            snapshot=frames.snapshot(epoch=self.epoch, offset=self.offset, digest=sum_, streams=self.encoded.values()),
            names=self.before.names,
        )

    def _kept(self, sum_: str, *, live: bool) -> tuple[int, tuple[Step, ...]]:
        """The steps that a returning client may be given. Another epoch is another log: nothing leads over to it."""
        if not live or self.epoch != self.before.epoch:
            return self.offset, ()
        taken = tuple(
            Step(offset=offset, frame=frame, digest=sum_ if offset == self.offset else None)
            for offset, frame in self.taken
        )
        steps = self.before.steps + taken
        dropped = max(0, len(steps) - REPLAY_MAX)
        excess_bytes = sum(len(step.frame.wire) for step in steps[dropped:]) - REPLAY_BYTES_MAX
        while excess_bytes > 0:
            excess_bytes -= len(steps[dropped].frame.wire)
            dropped += 1
        return (steps[dropped - 1].offset if dropped else self.before.floor), steps[dropped:]
