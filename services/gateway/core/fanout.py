"""Who is on the stream, whether one more may be, and who is too slow: numbers and decisions, no sockets.

Nobody is awaited in a fan-out. Each connection's own buffer (the transport's) takes the frame; a connection that has
more waiting than it would cost to start anew is cut, and resumes where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from services.gateway.core.session import Kind, Session, State

BUFFER_BYTES_MIN = 262_144
"""What may wait for one client, at the least: 256 KiB is minutes of alerts on a poor line. See `is_slow`."""
SLICE_MAX = 500
"""Connections served in one go (about 8 ms); then everything else on the event loop has its turn."""
URGENCY = (Kind.CANARY, Kind.SIGN, Kind.PAGE)
"""Who is served first: our own watch (it is one), then signs, on which many look at once."""


def is_slow(waiting_bytes: int, snapshot_bytes: int) -> bool:
    """Whether a client has more waiting than both the buffer's limit and a whole snapshot: anew is the shorter way.

    The snapshot counts so that a city with a large one does not cut a slow line in the middle of it, again and again.
    """
    return waiting_bytes > max(BUFFER_BYTES_MIN, snapshot_bytes)


class Refusal(StrEnum):
    """Why a connection is not taken."""

    FULL = "full"
    ADDRESS = "address"


class Seat(Protocol):
    """What the roster needs to know of a connection."""

    @property
    def session(self) -> Session:
        """Its side of the protocol."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """How many signs are connected, and how many of them say that they have painted the newest change."""

    connected: int
    confirmed: int


S = TypeVar("S", bound=Seat)


@dataclass(slots=True)
class Roster(Generic[S]):
    """The open connections. At `connections_max`, or at `per_address_max` from one address, no more are taken."""

    connections_max: int
    per_address_max: int
    _seats: dict[S, str] = field(default_factory=dict)
    _by_address: Counter[str] = field(default_factory=Counter)

    def refusal(self, address: str) -> Refusal | None:
        """Why one more from this address would not be taken; None when it would."""
        if len(self._seats) >= self.connections_max:
            return Refusal.FULL
        return Refusal.ADDRESS if self._by_address[address] >= self.per_address_max else None

    def enter(self, seat: S, address: str) -> None:
        """Take a connection in."""
        self._seats[seat] = address
        self._by_address[address] += 1

    def leave(self, seat: S) -> None:
        """Let a connection go; one that is not here changes nothing."""
        address = self._seats.pop(seat, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def __len__(self) -> int:
        """How many are here."""
        return len(self._seats)

    def slices(self) -> Iterator[list[S]]:
        """All who are live, most urgent first, in slices. Whoever comes in between is at the head already."""
        live = sorted(self._live(), key=lambda seat: URGENCY.index(seat.session.kind))
        for start in range(0, len(live), SLICE_MAX):
            yield live[start : start + SLICE_MAX]

    def everybody(self) -> list[S]:
        """All who are here, also those who have not said hello."""
        return list(self._seats)

    def counts(self) -> dict[Kind, int]:
        """How many are live, by kind."""
        counted = Counter(seat.session.kind for seat in self._live())
        return {kind: counted[kind] for kind in Kind}

    def signs(self, head: int) -> Signs:
        """The signs, and those that have painted everything up to the head."""
        painted = [seat.session.acked for seat in self._live() if seat.session.kind is Kind.SIGN]
        return Signs(
            connected=len(painted), confirmed=sum(1 for offset in painted if offset is not None and offset >= head)
        )

    def _live(self) -> list[S]:
        return [seat for seat in self._seats if seat.session.state is State.LIVE]
