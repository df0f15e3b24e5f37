"""What happened in the office, one line a command: also what was refused, for a try is worth knowing of.

The lines hang together by a hash chain: each link covers the one before it and the record's own key, id and bytes, so
every gateway that read the same topic holds the same last link, and whoever wrote down a link can prove later that
nothing before it was changed, taken out or put in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from schemas.office import (
    Approve,
    Body,
    Cosign,
    Discard,
    Edit,
    IssueAlone,
    OfficeCommand,
    Open,
    Purpose,
    Renew,
    Return,
    SetOfficer,
    Submit,
    Withdraw,
)
from services.gateway.core.approval import Outcome, Refusal

FIRST_LINK = "0" * 64
"""What the first record's link covers in place of one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One judged command: where it stands, when it was appended, what came of it, and its link of the chain."""

    offset: int
    at: datetime
    command: OfficeCommand
    outcome: Outcome
    link: str

    @property
    def refused(self) -> bool:
        """Whether it did nothing."""
        return isinstance(self.outcome, Refusal)


def next_link(before: str, *, key: str, id: str, value: bytes) -> str:  # noqa: A002 - CloudEvents' word
    """The link (64 hex digits) of a record; lengths are covered, so that nothing can slide from one part to the next."""
    parts = (before.encode(), key.encode(), id.encode(), value)
    covered = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return sha256(covered).hexdigest()


def short(hash_: str) -> str:
    """A hash as two officers read it to each other: `4f2a-91c3`."""
    return f"{hash_[:4]}-{hash_[4:8]}"


_EDITED = {Purpose.ISSUE: "下書きを直した", Purpose.CHANGE: "変更案を書いた", Purpose.END: "解除案を書いた"}


def said(body: Body) -> str:
    """What an officer did, in words."""
    match body:
        case Open(drill=drill):
            return "下書きを作った" if drill is None else "訓練の下書きを作った"
        case Edit(purpose=purpose):
            return _EDITED.get(purpose, "下書きを直した")
        case SetOfficer(name=name, enabled=enabled):
            return f"{name} を職員に{'加えた' if enabled else 'できないようにした'}"
        case _:
            return _DID[type(body)]


_DID: dict[type[Body], str] = {
    Submit: "承認を求めた",
    Approve: "承認した",
    Return: "差し戻した",
    Discard: "下書きを捨てた",
    IssueAlone: "一人で発令した",
    Withdraw: "誤りとして取り消した",
    Cosign: "事後に確認した",
    Renew: "継続を確認した",
}
