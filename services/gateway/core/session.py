"""One client's session on the stream, without I/O: what it says comes in, frames to send come out.

States: `OPENING` (only a hello is taken, within `HELLO_S`), `LIVE` (acks and resyncs are taken), `CLOSED` (a bye was
given out; nothing more is said or heard). A session's cursor (epoch, offset) is what the client holds once it has read
everything given out, so whoever drives sessions may call `advance` as often or as rarely as it likes, in any slices:
nothing is sent twice and nothing is left out.

What a client says wrongly ends its session with a bye of code `protocol`, whose message begins with:

    E5101  not a JSON object            E5105  no hello within HELLO_S
    E5102  larger than MESSAGE_BYTES_MAX   E5106  hello does not fit: version, client, kind
    E5103  unknown type                 E5107  ack does not fit: offset, shown
    E5104  hello expected, or a second one  E5108  more than MESSAGES_MAX in WINDOW_S

It may come again after `PROTOCOL_RETRY_MS`: a sign with a fault in one kind of message still gets the situation each
time it does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.gateway.core import frames
from services.gateway.core.frames import CLOSE_CODES, ByeCode, Frame, Outcome
from services.gateway.core.mirror import Mirror

HELLO_S = 5.0
"""How long a connection may be open without saying what it is; then it is closed."""
MESSAGE_BYTES_MAX = 16_384
"""The largest message of a client: an ack that names about 130 streams. A larger one ends the session."""
CLIENT_ID_MAX = 64
"""Characters of a client's id; a longer one ends the session."""
MESSAGES_MAX = 100
WINDOW_S = 10.0
"""At most `MESSAGES_MAX` messages in `WINDOW_S`; more end the session. A sign sends one for each change it has painted."""
RESYNC_EVERY_S = 5.0
"""A snapshot on demand at most this often; an earlier demand is answered when the time has come."""
PROTOCOL_RETRY_MS = 30_000


class State(StrEnum):
    """Where a session stands."""

    OPENING = "opening"
    LIVE = "live"
    CLOSED = "closed"


class Kind(StrEnum):
    """What a client is."""

    SIGN = "sign"
    PAGE = "page"
    CANARY = "canary"
    """Our own listener: the only one that is sent the canary's frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the gateway knows at the moment it is asked: the situation and when it was last known whole, leases, time."""

    mirror: Mirror
    leases: Mapping[str, datetime]
    at: datetime
    as_of: datetime
    heartbeat_s: float
    dead_s: float

    def heartbeat(self) -> Frame:
        """The sign of life of this moment, the same for everybody."""
        return frames.heartbeat(
            epoch=self.mirror.epoch,
            offset=self.mirror.offset,
            digest=self.mirror.digest,
            server_time=self.at,
            as_of=self.as_of,
            leases=self.leases,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to do: send the frames in order, then close with the code, where there is one."""

    frames: tuple[Frame, ...] = ()
    close: int | None = None


NOTHING = Reply()


class _Wrong(Exception):
    def __init__(self, code: str, message: str, hint: str) -> None:
        self.text = f"{code} {message}"
        self.hint = hint


class Session:
    """One connection's side of the protocol; see the module's text."""

    __slots__ = (
        "_canary_id",
        "_canary_offset",
        "_epoch",
        "_offset",
        "_resync_at",
        "_wants_snapshot",
        "_window_at",
        "_window_count",
        "acked",
        "client",
        "deadline",
        "kind",
        "outcome",
        "shown",
        "state",
    )

    def __init__(self, opened_at: float, *, hello_s: float = HELLO_S, canary_id: str = "") -> None:
        """Open at a monotonic time. `canary_id` is the one client that may be of kind canary ("" for nobody)."""
        self.state = State.OPENING
        self.deadline = opened_at + hello_s
        self.client = ""
        self.kind = Kind.PAGE
        self.outcome: Outcome | None = None
        self.acked: int | None = None
        """The offset up to which a sign says that it has painted."""
        self.shown: tuple[tuple[str, str], ...] = ()
        """(stream, revision) that a sign says are on its screen."""
        self._canary_id = canary_id
        self._canary_offset = -1
        self._epoch = ""
        self._offset = -1
        self._wants_snapshot = False
        self._resync_at = opened_at - RESYNC_EVERY_S
        self._window_at = opened_at
        self._window_count = 0

    @property
    def offset(self) -> int:
        """The offset that the client stands at when it has read everything given out."""
        return self._offset

    # --- what the client says ---

    def receive_text(self, text: str, now: float, moment: Moment) -> Reply:
        """Take one message at a monotonic time and answer it."""
        if self.state is State.CLOSED:
            return NOTHING
        try:
            self._count(now)
            said = _parsed(text)
            return self._answer(said, now, moment)
        except _Wrong as wrong:
            return self._bye_wrong(wrong)

    def receive_binary(self) -> Reply:
        """Take a binary frame, which the protocol has none of."""
        return self._bye_wrong(_Wrong("E5101", "a binary frame", "send JSON in text frames"))

    def expire(self, now: float) -> Reply:
        """End the session when no hello came in time."""
        if self.state is not State.OPENING or now < self.deadline:
            return NOTHING
        return self._bye_wrong(_Wrong("E5105", "no hello came in time", f"say hello within {HELLO_S:g} s"))

    def _count(self, now: float) -> None:
        if now - self._window_at >= WINDOW_S:
            self._window_at, self._window_count = now, 0
        self._window_count += 1
        if self._window_count > MESSAGES_MAX:
            raise _Wrong(
                "E5108", f"more than {MESSAGES_MAX} messages in {WINDOW_S:g} s", "acknowledge each change once"
            )

    def _answer(self, said: Mapping[str, Any], now: float, moment: Moment) -> Reply:
        kind = said.get("type")
        if kind == "hello":
            return self._hello(said, moment)
        if kind not in ("ack", "resync"):
            raise _Wrong("E5103", f"unknown type {str(kind)[:40]!r}", "types are hello, ack, resync")
        if self.state is not State.LIVE:
            raise _Wrong("E5104", f"{kind} before hello", "say hello first")
        if kind == "ack":
            self._ack(said)
            return NOTHING
        self._wants_snapshot = True
        return Reply(frames=self.advance(moment.mirror, now))

    def _hello(self, said: Mapping[str, Any], moment: Moment) -> Reply:
        if self.state is not State.OPENING:
            raise _Wrong("E5104", "a second hello", "one hello a connection; ask for the situation with resync")
        self.client, self.kind = self._identified(said)
        mirror = moment.mirror
        self.outcome = self._resume(said.get("resume"), mirror)
        self.state = State.LIVE
        welcome = frames.welcome(
            epoch=mirror.epoch,
            offset=mirror.offset,
            digest=mirror.digest,
            outcome=self.outcome,
            server_time=moment.at,
            as_of=moment.as_of,
            leases=moment.leases,
            heartbeat_s=moment.heartbeat_s,
            dead_s=moment.dead_s,
        )
        return Reply(frames=(welcome, *self._forward(mirror)))

    def _identified(self, said: Mapping[str, Any]) -> tuple[str, Kind]:
        client, kind = said.get("client"), said.get("kind")
        if said.get("v") != frames.PROTOCOL:
            version = str(said.get("v"))[:40]
            raise _Wrong("E5106", f"version {version!r}", f"this is version {frames.PROTOCOL}: load the page again")
        if not isinstance(client, str) or not 1 <= len(client) <= CLIENT_ID_MAX or not client.isprintable():
            raise _Wrong("E5106", "client is no id", f"client is a text of 1 to {CLIENT_ID_MAX} characters")
        if kind not in tuple(Kind) or (kind == Kind.CANARY and client != self._canary_id):
            raise _Wrong("E5106", f"kind {str(kind)[:40]!r}", "kind is sign or page")
        return client, Kind(kind)

    def _resume(self, resume: object, mirror: Mirror) -> Outcome:
        """Set the cursor to what the client holds, where the mirror can lead on from there; else to nothing.

        A cursor that is damaged, of another epoch, ahead of us (another gateway's, or a log that was put back) or
        contradicted by its digest gets the snapshot: never a partial resume.
        """
        cursor = resume if isinstance(resume, dict) else {}
        epoch, offset, digest = cursor.get("epoch"), cursor.get("offset"), cursor.get("digest")
        if (
            type(offset) is not int
            or not isinstance(digest, str)
            or epoch != mirror.epoch
            or mirror.since(offset) is None
            or mirror.contradicts(offset, digest)
        ):
            return Outcome.SNAPSHOT
        self._epoch, self._offset = mirror.epoch, offset
        return Outcome.CURRENT if offset == mirror.offset else Outcome.REPLAY

    def _ack(self, said: Mapping[str, Any]) -> None:
        offset, shown = said.get("offset"), said.get("shown", [])
        if type(offset) is not int or not isinstance(shown, list) or not all(map(_is_shown, shown)):
            raise _Wrong(
                "E5107", "ack does not fit", 'an ack is {"offset": n, "shown": [{"stream": …, "revision": …}]}'
            )
        self.acked = offset
        self.shown = tuple((one["stream"], one["revision"]) for one in shown)

    # --- what the client is told ---

    def advance(self, mirror: Mirror, now: float) -> tuple[Frame, ...]:
        """The frames that bring the client from where it stands to the mirror's head; none when it is there."""
        if self.state is not State.LIVE:
            return ()
        if self._wants_snapshot and now - self._resync_at >= RESYNC_EVERY_S:
            self._wants_snapshot, self._resync_at, self._epoch = False, now, ""
        return self._forward(mirror)

    def _forward(self, mirror: Mirror) -> tuple[Frame, ...]:
        if self._epoch == mirror.epoch and self._offset > mirror.offset:
            # An older mirror than the one last given (the driver's slices overtook each other): never go back.
            return ()
        steps = mirror.since(self._offset) if self._epoch == mirror.epoch else None
        self._epoch, self._offset = mirror.epoch, mirror.offset
        out = (mirror.snapshot,) if steps is None else tuple(step.frame for step in steps)
        return out + self._canary(mirror)

    def _canary(self, mirror: Mirror) -> tuple[Frame, ...]:
        if self.kind is not Kind.CANARY or mirror.canary is None or mirror.canary.offset <= self._canary_offset:
            return ()
        self._canary_offset = mirror.canary.offset
        return (mirror.canary.frame,)

    def cut(self) -> Reply:
        """End a session whose client does not keep up: it comes again and resumes."""
        return self._bye(frames.bye(ByeCode.SLOW, reconnect=True, retry_ms=1_000), ByeCode.SLOW)

    def drain(self, retry_ms: int) -> Reply:
        """End the session because the gateway stops; `retry_ms` spreads the return of all clients."""
        return self._bye(frames.bye(ByeCode.DRAIN, reconnect=True, retry_ms=retry_ms), ByeCode.DRAIN)

    def _bye_wrong(self, wrong: _Wrong) -> Reply:
        frame = frames.bye(
            ByeCode.PROTOCOL, reconnect=True, retry_ms=PROTOCOL_RETRY_MS, message=wrong.text, hint=wrong.hint
        )
        return self._bye(frame, ByeCode.PROTOCOL)

    def _bye(self, frame: Frame, code: ByeCode) -> Reply:
        if self.state is State.CLOSED:
            return NOTHING
        self.state = State.CLOSED
        return Reply(frames=(frame,), close=CLOSE_CODES[code])


def _parsed(text: str) -> Mapping[str, Any]:
    if len(text.encode(errors="surrogatepass")) > MESSAGE_BYTES_MAX:
        raise _Wrong("E5102", f"a message of more than {MESSAGE_BYTES_MAX} bytes", "name only what is on the screen")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _Wrong("E5101", "not a JSON object", "send one JSON object in each text frame")
    return said


def _is_shown(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("stream"), str) and isinstance(one.get("revision"), str)
