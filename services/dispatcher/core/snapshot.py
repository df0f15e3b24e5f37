"""The index as bytes and back: one file a shard, that says how far in the log it goes, and proves itself whole.

    magic · BLAKE2b-256 of what follows · length of the head · head (JSON) · ids (JSON) · rows · places · bitmaps

Anything that is not exactly what was written is a `Damaged`, never a guess: whoever reads it reads the log instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from hashlib import blake2b
from struct import Struct
from typing import Any

import numpy as np
import orjson

from schemas.area import AreaCode
from schemas.subscription import Channel, Language, QuietHours
from services.dispatcher.core.index import Above, Contents, Index, Key, Profile
from services.dispatcher.core.rows import ROW, SLOT

MAGIC = b"hansho index 1\n"
_LENGTH = Struct("<Q")
_SUM = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Where a snapshot stands. `epoch`: of the log. `subscriptions`, `numbers`: the last offsets taken of the shard's own.

    `above`: a sum of the larger areas and of the rule for places without coordinates; another deployment's differs.
    """

    shard: int
    epoch: str
    above: str
    subscriptions: int
    numbers: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Damaged:
    """Why bytes are no snapshot of this program."""

    reason: str


def above_sum(above: Above) -> str:
    """Says that two deployments roll up the same areas."""
    rows = sorted(f"{area} {' '.join(map(str, larger))}" for area, larger in above.items())
    return blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()


def pack(index: Index, marks: Marks) -> bytes:
    """The index as bytes."""
    contents = index.contents()
    head = {
        "marks": {name: getattr(marks, name) for name in Marks.__slots__},
        "next_number": contents.next_number,
        "places": [(area.scheme, area.code, least) for area, least in contents.places],
        "profiles": [_profile_out(profile) for profile in contents.profiles],
        "keys": [_key_out(key) for key in contents.bitmaps],
        "sizes": [len(bitmap) for bitmap in contents.bitmaps.values()],
        "dead": contents.dead,
        "rows": len(contents.table),
        "pool": len(contents.pool),
    }
    ids = orjson.dumps(contents.devices)
    head["ids"] = len(ids)
    written = orjson.dumps(head)
    bitmaps = contents.bitmaps.values()
    body = b"".join(
        [_LENGTH.pack(len(written)), written, ids, contents.table.tobytes(), contents.pool.tobytes(), *bitmaps]
    )
    return MAGIC + blake2b(body, digest_size=_SUM).digest() + body


def unpack(data: bytes, above: Above | None = None, *, unlocated: bool = True) -> tuple[Marks, Index] | Damaged:
    """The index that was written, and where it stands."""
    begin = len(MAGIC) + _SUM
    if data[: len(MAGIC)] != MAGIC:
        return Damaged("not a snapshot of this program's version")
    body = memoryview(data)[begin:]
    if blake2b(body, digest_size=_SUM).digest() != data[len(MAGIC) : begin]:
        return Damaged("its sum does not fit: it was cut off or changed")
    (length,) = _LENGTH.unpack_from(body)
    head = orjson.loads(body[_LENGTH.size : _LENGTH.size + length])
    return _marks_in(head["marks"]), Index.of(
        _contents_in(head, body[_LENGTH.size + length :]), above, unlocated=unlocated
    )


def _contents_in(head: Mapping[str, Any], rest: memoryview) -> Contents:
    sizes = [head["ids"], head["rows"] * ROW.itemsize, head["pool"] * SLOT.itemsize, *head["sizes"]]
    ids, table, pool, *bitmaps = _cut(rest, sizes)
    return Contents(
        next_number=head["next_number"],
        devices=orjson.loads(ids),
        places=[(AreaCode(scheme, code), least) for scheme, code, least in head["places"]],
        profiles=[_profile_in(profile) for profile in head["profiles"]],
        table=np.frombuffer(table, ROW),
        pool=np.frombuffer(pool, SLOT),
        bitmaps={_key_in(key): bytes(bitmap) for key, bitmap in zip(head["keys"], bitmaps, strict=True)},
        dead={device: (sum_, datetime.fromisoformat(at)) for device, (sum_, at) in head["dead"].items()},
    )


def _cut(rest: memoryview, sizes: list[int]) -> Iterator[memoryview]:
    at = 0
    for size in sizes:
        yield rest[at : at + size]
        at += size


def _marks_in(marks: Mapping[str, Any]) -> Marks:
    return Marks(**{**marks, "made_at": datetime.fromisoformat(marks["made_at"])})


def _profile_out(profile: Profile) -> tuple[object, ...]:
    return profile.hazards, profile.language, profile.channel, _quiet_out(profile.quiet)


def _profile_in(said: list[Any]) -> Profile:
    hazards, language, channel, quiet = said
    return Profile(
        tuple((hazard, least) for hazard, least in hazards), Language(language), Channel(channel), _quiet_in(quiet)
    )


def _quiet_out(quiet: QuietHours | None) -> tuple[str, str, bool] | None:
    return None if quiet is None else (quiet.start.isoformat(), quiet.end.isoformat(), quiet.orders)


def _quiet_in(said: list[Any] | None) -> QuietHours | None:
    if said is None:
        return None
    start, end, orders = said
    return QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end), orders=orders)


def _key_out(key: Key) -> tuple[object, ...]:
    match key:
        case ("area", area, rank):
            return "area", area.scheme, area.code, rank
        case ("quiet", quiet):
            return "quiet", _quiet_out(quiet)
        case _:
            return key


def _key_in(said: list[Any]) -> Key:
    match said:
        case ["area", scheme, code, rank]:
            return "area", AreaCode(scheme, code), rank
        case ["quiet", quiet]:
            return "quiet", _quiet_in(quiet)
        case ["language", language]:
            return "language", Language(language)
        case ["channel", channel]:
            return "channel", Channel(channel)
        case _:
            return said[0], *said[1:]
