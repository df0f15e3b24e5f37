"""A telegram that was published: its bytes, where it lies, and how its feed names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from services.feedserver.core.telegrams import Heading

DATA_PATH = "/developer/xml/data/"
_RUN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One telegram and its Atom entry. `at` is an aware UTC datetime; `topic` names the feeds it stands in."""

    at: datetime
    topic: str
    """`extra` (随時), `eqvol` (地震火山) or `canary`."""
    path: str
    body: bytes
    title: str
    """Control/Title."""
    author: str
    """The office, as JMA's entries name it."""
    content: str
    """【Head/Title】headline text."""


def published(
    heading: Heading, body: bytes, *, topic: str, kind: str, suffix: str, run_id: str | None = None
) -> Published:
    """A telegram published when it says it was sent, with the entry that JMA would write for it."""
    return Published(
        at=heading.sent_at,
        topic=topic,
        path=telegram_path(at=heading.sent_at, kind=kind, suffix=suffix, run_id=run_id),
        body=body,
        title=heading.form.control_title,
        author=heading.publishing_office,
        content=f"【{heading.title}】{heading.headline}",
    )


def telegram_path(*, at: datetime, kind: str, suffix: str, run_id: str | None = None) -> str:
    """Path of a telegram as JMA names it: UTC stamp, 0, type, suffix; a drill's run is a folder."""
    if run_id is not None and _RUN_ID.fullmatch(run_id) is None:
        msg = f"run id {run_id!r} cannot stand in a URL: letters, digits and hyphens only, at most 64"
        raise ValueError(msg)
    folder = "" if run_id is None else f"{run_id}/"
    return f"{DATA_PATH}{folder}{at.astimezone(UTC):%Y%m%d%H%M%S}_0_{kind}_{suffix}.xml"


def run_id(*, at: datetime, suffix: str) -> str:
    """Name of a run of the storm: sorts as a string in the order of the runs' starts; `suffix` tells restarts apart."""
    return f"run-{at.astimezone(UTC):%Y%m%dT%H%M%S}-{suffix}"
