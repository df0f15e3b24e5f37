"""The demo phones of a city: data under `deploy/cities/<city>/phones.toml`, and the subscriptions they have.

Invented people who follow real places. They exist in the demo only, and only on this machine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

from schemas.area import AreaCode, AreaTable, Scheme
from schemas.subscription import MIN_RANKS, PLACES_MAX, Channel, Language, Permission, Place, Subscription
from services.phones.core.inbox import PHONES_MAX, Phone
from services.runtime.errors import HanshoError

NOBODYS_CREDENTIAL = "0" * 64
"""The SHA-256 that no credential has: demo phones are changed by nobody."""


class BookError(HanshoError):
    """A book of demo phones cannot be read."""

    code: ClassVar[str] = "E6103"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPhone:
    """One demo phone: whose, what it follows, in which language."""

    id: str
    name: str
    places: tuple[Place, ...]
    language: Language

    @property
    def address(self) -> str:
        """What the stand-in knows it by."""
        return f"demo-{self.id}"

    @property
    def device(self) -> str:
        """Its device id: like a real one, and the same at every start."""
        return sha256(f"hansho demo phone {self.id}".encode()).hexdigest()[:32]


def read_book(text: str, table: AreaTable) -> tuple[DemoPhone, ...]:
    """Read a `phones.toml`. Raises `BookError` (E6103) that says which phone is wrong and how."""
    try:
        rows = tomllib.loads(text).get("phone", [])
        phones = tuple(_phone(row, table) for row in rows)
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BookError(f"phones.toml cannot be read: {type(error).__name__} {error}") from error
    if len({phone.id for phone in phones}) != len(phones) or len(phones) > PHONES_MAX:
        raise BookError(f"phones.toml: ids must differ, and {PHONES_MAX} phones are the most that are drawn")
    return phones


def _phone(row: Mapping[str, Any], table: AreaTable) -> DemoPhone:
    return DemoPhone(
        id=row["id"],
        name=row["name"],
        places=tuple(_places(row["id"], row["follows"], table)),
        language=Language(row["language"]),
    )


def _places(phone: str, rows: Iterable[Mapping[str, Any]], table: AreaTable) -> Iterator[Place]:
    for number, row in enumerate(rows):
        area, min_rank = AreaCode(Scheme.CLASS20, row["area"]), row["min_rank"]
        if area not in table.entries or min_rank not in MIN_RANKS or number >= PLACES_MAX:
            raise BookError(
                f"phones.toml: phone {phone} follows {area} from rank {min_rank}: a known municipality, one of "
                f"{MIN_RANKS}, and {PLACES_MAX} places at the most"
            )
        yield Place(area=area, min_rank=min_rank)


def subscriptions(book: Iterable[DemoPhone], at: datetime) -> tuple[Subscription, ...]:
    """What the demo phones follow, for topic `subscriptions`; the same bytes at every start when `at` is."""
    return tuple(
        Subscription(
            device=phone.device,
            credential_sha256=NOBODYS_CREDENTIAL,
            places=phone.places,
            language=phone.language,
            channel=Channel.FCM,
            address=phone.address,
            address_at=at,
            permission=Permission.GRANTED,
            updated_at=at,
        )
        for phone in book
    )


def drawn_as(book: Iterable[DemoPhone], table: AreaTable) -> tuple[Phone, ...]:
    """The phones as the inbox draws them: with their places by name."""
    return tuple(
        Phone(
            address=phone.address,
            name=phone.name,
            place="・".join(table.entries[place.area].name.ja for place in phone.places),
            language=phone.language.value,
            listed=True,
        )
        for phone in book
    )
