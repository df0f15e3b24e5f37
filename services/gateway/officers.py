"""`hansho officers`: who may log in to the office. Whoever has the machine decides it, and nobody through the network.

Passwords come from the terminal or from a file that only its owner can read, never from the command line, where every
process could see them.

    OfficersRefused    E6020  the request cannot be done as asked: the text says why and what would do
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from schemas.office import ADMIN, NAME_MAX, Officer
from services.eventlog.open import open_log
from services.eventlog.port import BEFORE_FIRST, EventLog, LogInUse
from services.gateway.store.inbox import ANSWER, FOLDER, REQUEST, Answer, Refused, Request
from services.gateway.store.office import OfficeStore, officer_message
from services.gateway.store.passwords import Passwords
from services.runtime import deployment, records
from services.runtime.clock import Clock, SystemClock
from services.runtime.errors import HanshoError
from services.runtime.settings import Settings

PASSWORD_MIN = 12
"""Characters: long enough that guessing at one a minute is hopeless for ever."""
PASSWORD_MAX = 256
ANSWER_S = 10.0
"""How long a running gateway may take to answer."""
LOOK_EVERY_S = 0.05
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")

Ask = Callable[[str], str]
Say = Callable[[str], None]


class OfficersRefused(HanshoError):
    """What was asked for cannot be done."""

    code: ClassVar[str] = "E6020"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes, beside the settings that say where the data lies."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="let somebody log in; for one who can already: a new password")
    add.add_argument("officer", help="what they type to log in: small letters, digits, . _ -")
    add.add_argument("name", help="what pages and records call them, as in 防災課 佐藤")
    add.add_argument(
        "--password-file", help="read the password from a file that only you can read; else it is asked for"
    )
    actions.add_parser("list", help="who can log in")
    disable = actions.add_parser("disable", help="let somebody log in no longer; log-ins of theirs end at once")
    disable.add_argument("officer")


def main(options: argparse.Namespace, settings: Settings, *, ask: Ask = getpass.getpass, say: Say = print) -> int:
    """Do what was asked; raises `OfficersRefused` or an `EventLogError`, whose texts say what to do."""
    if options.action == "add":
        password = _password(options.password_file, ask)
        said = asyncio.run(_add(settings, options.officer, options.name, password))
    elif options.action == "disable":
        said = asyncio.run(_disable(settings, options.officer))
    else:
        said = asyncio.run(_list(settings))
    say(said)
    return 0


def _password(path: str | None, ask: Ask) -> str:
    if path is not None:
        password = _from_file(Path(path))
    else:
        password = ask("Password: ")
        if ask("Again: ") != password:
            raise OfficersRefused("the two passwords differ; nothing was changed")
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise OfficersRefused(
            f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters; this one has {len(password)}"
        )
    return password


def _from_file(path: Path) -> str:
    """The first line of a file that only its owner can read."""
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise OfficersRefused(f"others can read {path}: `chmod 600 {path}` first")
            return file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OfficersRefused(f"{path} cannot be read: {error}") from error


async def _add(settings: Settings, id_: str, name: str, password: str) -> str:
    if not _ID.fullmatch(id_) or id_ == ADMIN:
        raise OfficersRefused(f"{id_!r} cannot be an officer's id: small letters, digits, . _ - and not {ADMIN!r}")
    if not name.strip() or len(name) > NAME_MAX:
        raise OfficersRefused(f"a name has 1 to {NAME_MAX} characters")
    encoded = await Passwords().hash(password)
    officer = Officer(officer=id_, name=name.strip(), password=encoded, enabled=True, changed_at=SystemClock().now())
    await _set(settings, officer)
    return f"{id_} ({officer.name}) can log in. Two officers are needed to issue anything."


async def _disable(settings: Settings, id_: str) -> str:
    known = (await _known(settings)).get(id_)
    if known is None:
        raise OfficersRefused(f"there is no officer {id_!r}; `hansho officers list` names them")
    off = Officer(officer=id_, name=known.name, password=known.password, enabled=False, changed_at=SystemClock().now())
    await _set(settings, off)
    return f"{id_} can log in no longer; log-ins of theirs are over."


async def _list(settings: Settings) -> str:
    known = await _known(settings)
    lines = [f"{id_:<16} {'enabled ' if one.enabled else 'disabled'} {one.name}" for id_, one in sorted(known.items())]
    enabled = sum(one.enabled for one in known.values())
    if enabled < TWO:
        lines.append(f"{enabled} of the {TWO} officers that approving takes: `hansho officers add ID NAME`")
    return "\n".join(lines)


TWO = 2
"""Officers without whom nothing is issued in the ordinary way."""


async def _set(settings: Settings, officer: Officer) -> None:
    """Append it; where a running gateway holds the log, ask that one."""
    request, directory = secrets.token_hex(16), deployment.data_dir(settings)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        async with open_log(settings.log_url, dev=bool(settings.dev)) as log:
            await deployment.claim(log, settings, SystemClock())
            await OfficeStore(log=log, clock=SystemClock()).enrol(officer, request)
    except LogInUse:
        await asyncio.to_thread(_asked, directory / FOLDER, Request(set=officer), request)


async def _known(settings: Settings) -> Mapping[str, Officer]:
    """The officers as the log has them, or as the gateway that holds it says."""
    directory = deployment.data_dir(settings)
    if not settings.log and not (directory / "hansho.db").exists():
        return {}
    try:
        async with open_log(settings.log_url, dev=bool(settings.dev)) as log:
            return await known(log)
    except LogInUse:
        answer = await asyncio.to_thread(_asked, directory / FOLDER, Request(), secrets.token_hex(16))
        return {one.officer: one for one in answer.officers}


def _asked(folder: Path, request: Request, id_: str) -> Answer:
    """Leave a request for the running gateway and wait for its answer."""
    folder.mkdir(exist_ok=True, mode=0o700)
    asked, left, part = (folder / f"{id_}{ending}" for ending in (".ask", ".answer", ".part"))
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(REQUEST.dump_json(request))
    part.rename(asked)
    until = time.monotonic() + ANSWER_S
    while asked.exists():
        if time.monotonic() > until:
            asked.unlink(missing_ok=True)
            raise OfficersRefused("hansho runs here but does not answer; nothing was changed. Look at its log")
        time.sleep(LOOK_EVERY_S)
    answer = ANSWER.validate_json(left.read_bytes())
    left.unlink()
    if isinstance(answer, Refused):
        raise OfficersRefused(f"the running hansho refused: {answer.reason}")
    return answer


async def known(log: EventLog) -> dict[str, Officer]:
    """The officers as a log has them."""
    found: dict[str, Officer] = {}
    after = BEFORE_FIRST
    while batch := await log.read("registry", 0, after=after):
        after = batch[-1].offset
        for record in batch:
            value = records.payload(record)
            if isinstance(value, Officer):
                found[value.officer] = value
    return found


# --- the demo's ---


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """What a person types."""

    officer: str
    name: str
    password: str


DEMO = (("demo-a", "デモ職員 A"), ("demo-b", "デモ職員 B"))


async def demo(log: EventLog, clock: Clock, passwords: Passwords | None = None) -> tuple[LogIn, ...]:
    """Two officers with new passwords at every start of the demo, to be shown on the terminal; never used live."""
    before, hasher, made = await known(log), passwords or Passwords(), []
    for id_, name in DEMO:
        password, request = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}", secrets.token_hex(16)
        officer = Officer(
            officer=id_,
            name=name,
            password=await hasher.hash(password),
            enabled=True,
            changed_at=clock.now(),
        )
        if id_ in before:
            await log.append("registry", [officer_message(officer, request)])
        else:
            await OfficeStore(log=log, clock=clock).enrol(officer, request)
        made.append(LogIn(officer=id_, name=name, password=password))
    return tuple(made)
