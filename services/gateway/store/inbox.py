"""What the machine's owner asks of a running gateway: officers added or disabled while it holds the log.

Where one process holds the log nobody else may write to it. So `hansho officers` leaves a file in a folder of the data
directory that only its owner can enter, and the gateway answers beside it. Nothing secret lies there: passwords are
hashed before.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from schemas.office import Officer
from services.eventlog.port import EventLogError
from services.gateway.store.office import OfficeStore
from services.runtime import logs
from services.runtime.clock import Clock

FOLDER = "officers"
LOOK_EVERY_S = 0.5
BYTES_MAX = 10_000
"""A request is some hundred bytes; a larger file is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Set this officer, or (None) only name those there are."""

    set: Officer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The officers as they stand."""

    officers: tuple[Officer, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done, and why."""

    reason: str


REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
ANSWER: TypeAdapter[Answer | Refused] = TypeAdapter(Answer | Refused)

_log = logs.get("gateway")


@dataclass(slots=True, kw_only=True)
class Inbox:
    """Looks into the folder. What is not ours to read is refused and named in the log."""

    folder: Path
    store: OfficeStore
    clock: Clock

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            for path in await asyncio.to_thread(self._waiting):
                request = await asyncio.to_thread(_read, path)
                answer = request if isinstance(request, Refused) else await self._answer(request, path.stem)
                if isinstance(answer, Refused):
                    _log.warning("officers.request-refused", file=path.name, reason=answer.reason)
                await asyncio.to_thread(_leave, path, answer)
            await asyncio.sleep(LOOK_EVERY_S)

    def _waiting(self) -> list[Path]:
        return sorted(self.folder.glob("*.ask")) if self.folder.is_dir() else []

    async def _answer(self, request: Request, id_: str) -> Answer | Refused:
        if request.set is not None:
            try:
                await self.store.enrol(request.set, id_)
            except EventLogError as error:
                return Refused(f"{error.code}: {error}")
            _log.event("officer.set", officer=request.set.officer, enabled=request.set.enabled)
        return Answer(officers=tuple(self.store.officers.values()))


def _read(path: Path) -> Request | Refused:
    """The request in a file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        return Refused(f"{path.name} cannot be read: {error.strerror}")
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            return Refused(f"{path.name} belongs to somebody else, or others may write it")
        value = file.read(BYTES_MAX)
    try:
        return REQUEST.validate_json(value)
    except ValidationError:
        return Refused(f"{path.name} is no request of ours")


def _leave(path: Path, answer: Answer | Refused) -> None:
    """Leave the answer, then take the request away: an answer without its request is whole."""
    done = path.with_suffix(".answer")
    descriptor = os.open(done, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(ANSWER.dump_json(answer))
    path.unlink(missing_ok=True)
