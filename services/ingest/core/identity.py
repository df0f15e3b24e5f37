"""Which report this is: streams, revision, report and identifier of an alert, from the telegram's content alone.

A copy by another route (another feed, a file, a socket) must come out equal, so nothing here knows when or whence a
telegram came; only a drill's run is named by the address, because one drill can be held twice.

Sources: the project's notes on JMA §2.1 (state key and ordering key of each type); CAP 1.2 §3.2.1 (characters that an
identifier may not hold).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from schemas.alert import MsgType

JST = timezone(timedelta(hours=9))
KEY_MAX = 80
"""Characters of one part of a stream's name; JMA's longest EventID has about 40. Longer is cut: it stays a name."""
SERIAL_MAX = 999_999
"""A serial has its place in the revision by six digits; a larger one is refused as unreadable."""
EVENTS_MAX = 8
"""Events that one telegram may be about; two have been seen. More is refused."""

_NOT_IN_KEY = re.compile(r"[^\w.-]+")
_RUN = re.compile(r"/(run-[A-Za-z0-9.-]{1,64})/")


class InfoType(StrEnum):
    """Head/InfoType."""

    ISSUED = "発表"
    CORRECTED = "訂正"
    DELAYED = "遅延"
    WITHDRAWN = "取消"


_ORDER = {InfoType.ISSUED: 1, InfoType.DELAYED: 1, InfoType.CORRECTED: 2, InfoType.WITHDRAWN: 3}
"""A correction ranks above the report it repeats, a withdrawal above both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Names of one alert; see `schemas.alert.Alert` for what each means."""

    streams: tuple[str, ...]
    revision: str
    report: str
    identifier: str


def key_part(text: str) -> str:
    """Text as a part of a stream's name or a hazard's id: letters, digits, `_`, `.` and `-`; no separator of ours or CAP's."""
    return _NOT_IN_KEY.sub("_", text.strip())[:KEY_MAX]


def run_of(url: str, reported_at: datetime) -> str:
    """The run that a drill's telegram belongs to: a path segment `run-…` of its address, else the report's date in Japan."""
    found = _RUN.search(url)
    return found[1] if found else reported_at.astimezone(JST).date().isoformat()


def identity(
    *,
    kind: str,
    keys: tuple[str, ...],
    run: str | None,
    reported_at: datetime,
    sent_at: datetime,
    serial: int | None,
    info_type: InfoType,
) -> Identity:
    """The names of a report of `kind` (`VPWW55`, `VXKO`) about `keys`; `run` for a drill, None otherwise."""
    of_run = f"~{run}" if run else ""
    revision = f"{_compact(reported_at)}.{serial or 0:06}.{_ORDER[info_type]}.{_compact(sent_at)}"
    return Identity(
        streams=tuple(f"jma:{kind}:{key}{of_run}" for key in keys),
        revision=revision,
        report=_report(reported_at, serial, info_type),
        identifier=f"jma:{kind}:{'+'.join(keys)}{of_run}:{revision}",
    )


def canary_identity(*, reported_at: datetime, sent_at: datetime, serial: int | None) -> Identity:
    """The names of a canary: always the stream `canary`."""
    revision = f"{_compact(reported_at)}.{serial or 0:06}.1.{_compact(sent_at)}"
    return Identity(
        streams=("canary",),
        revision=revision,
        report=_report(reported_at, serial, InfoType.ISSUED),
        identifier=f"canary:{revision}",
    )


def msg_type(info_type: InfoType, *, first: bool) -> MsgType:
    """CAP's word: 取消 → Cancel, 訂正 → Update, 発表 and 遅延 by whether it is the first report of its event."""
    if info_type is InfoType.WITHDRAWN:
        return MsgType.CANCEL
    return MsgType.ALERT if first and info_type is not InfoType.CORRECTED else MsgType.UPDATE


def _report(reported_at: datetime, serial: int | None, info_type: InfoType) -> str:
    """What a correction and the report it corrects share, and what a withdrawal names ("" where it names none)."""
    if serial is not None:
        return f"serial:{serial}"
    return "" if info_type is InfoType.WITHDRAWN else f"time:{_compact(reported_at)}"


def _compact(at: datetime) -> str:
    """ISO 8601 basic format in UTC, to the second: sorts as a string."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").rjust(len("20260901T000000Z"), "0")
