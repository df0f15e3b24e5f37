"""A nation of devices for measurements: as arrays, as an index, and one device at a time. All invented.

Shape after the notes on matching: one to three places (55, 30, 15 %), 1,900 municipalities in 47 prefectures whose sizes
fall as in life, most second places in the home prefecture, 40 % of places with coordinates, least ranks 2 to 5 (25, 50,
20, 5 %), one device in five that refuses some hazards below rank 5, three languages, 40 % with quiet hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from schemas.area import AreaCode
from schemas.subscription import Channel, Language, Place, QuietHours, Subscription
from services.dispatcher.core.index import RANKS, Above, Contents, Index, Key, Profile
from services.dispatcher.core.rows import NOT_LOCATED, ROW, SLOT

PREFECTURES, AREAS = 47, 1_900
NATION = AreaCode("nation", "jp")
HAZARDS = ("landslide", "flood", "wind", "thunder", "heavy_rain")
HAZARD = "flood"
"""What the questions are about, at `RANK`."""
RANK = 4
LEASTS = (2, 3, 4, 5)
QUIET = (
    None,
    QuietHours(start=time(22), end=time(6)),
    QuietHours(start=time(23), end=time(7)),
    QuietHours(start=time(21, 30), end=time(5)),
)
LANGUAGES = tuple(Language)
TOKEN_BYTES = 163
AT = datetime(2026, 9, 1, tzinfo=UTC)
AT_US = int(AT.timestamp() * 1_000_000)

Ints = npt.NDArray[np.int64]


def area(number: int) -> AreaCode:
    """A municipality."""
    return AreaCode("class20", f"{number:07}")


def prefecture(number: int) -> AreaCode:
    """A prefecture."""
    return AreaCode("prefecture", f"{number:02}")


@dataclass(frozen=True, slots=True)
class Nation:
    """Devices and their places, as columns. `device` of a place is ascending; `centres`: latitude and longitude of areas."""

    count: int
    pref_of: Ints
    centres: npt.NDArray[np.float64]
    device: Ints
    where: Ints
    least: Ints
    latitude: Ints
    """Millionths of a degree, NOT_LOCATED for none; longitudes too."""
    longitude: Ints
    refuses: Ints
    """A bit for each of HAZARDS."""
    language: Ints
    quiet: Ints
    tokens: npt.NDArray[np.uint8]

    @property
    def above(self) -> Above:
        """Prefecture and nation of each municipality."""
        return {area(one): (prefecture(int(self.pref_of[one])), NATION) for one in range(AREAS)}

    def profile(self, device: int) -> Profile:
        """What a device wishes beside its places."""
        bits = int(self.refuses[device])
        hazards = tuple((hazard, 5) for bit, hazard in enumerate(HAZARDS) if bits >> bit & 1)
        return Profile(hazards, LANGUAGES[self.language[device]], Channel.FCM, QUIET[self.quiet[device]])

    def subscription(self, device: int, moved_by: int = 0) -> Subscription:
        """One device as it stands in the log; moved, its first place is so many municipalities further."""
        at = slice(*np.searchsorted(self.device, [device, device + 1]))
        rows = zip(self.where[at], self.least[at], self.latitude[at], self.longitude[at], strict=True)
        profile = self.profile(device)
        return Subscription(
            device=name(device),
            credential_sha256="0" * 64,
            places=tuple(
                Place(
                    area=area(int(where + (moved_by if not n else 0)) % AREAS),
                    min_rank=int(least),
                    latitude=None if latitude == NOT_LOCATED else int(latitude) / 1_000_000,
                    longitude=None if latitude == NOT_LOCATED else int(longitude) / 1_000_000,
                )
                for n, (where, least, latitude, longitude) in enumerate(rows)
            ),
            hazard_min_ranks=profile.hazards,
            language=profile.language,
            quiet=profile.quiet,
            address=f"address-{device}",
            address_at=AT,
            updated_at=AT,
        )


def name(device: int) -> str:
    """A device's id, as long as real ones."""
    return f"{device * 0x9E3779B97F4A7C15 % 2**64:016x}{device:016x}"


def a_nation(count: int, seed: int = 7) -> Nation:
    """So many devices."""
    chance = np.random.default_rng(seed)
    pref_of, centres, home = _ground(chance)
    places = chance.choice((1, 2, 3), count, p=(0.55, 0.30, 0.15))
    device = np.repeat(np.arange(count), places)
    is_first = np.r_[True, device[1:] != device[:-1]]
    homes = np.searchsorted(home.cumsum(), chance.random(count))
    where = np.searchsorted(home.cumsum(), chance.random(len(device)))
    at_home = ~is_first & (chance.random(len(device)) < 0.6)
    where[at_home] = _near(chance, pref_of, home, homes[device[at_home]])
    where[is_first] = homes
    where = np.minimum(where, AREAS - 1)
    points = np.round(centres[where] + chance.normal(0, 0.022, (len(where), 2)), 6) * 1_000_000
    points[chance.random(len(where)) >= 0.4] = NOT_LOCATED
    refuses = np.where(chance.random(count) < 0.8, 0, chance.integers(1, 2 ** len(HAZARDS), count))
    return Nation(
        count=count,
        pref_of=pref_of,
        centres=centres,
        device=device,
        where=where,
        least=chance.choice(LEASTS, len(where), p=(0.25, 0.50, 0.20, 0.05)),
        latitude=np.round(points[:, 0]).astype(np.int64),
        longitude=np.round(points[:, 1]).astype(np.int64),
        refuses=refuses,
        language=chance.choice(len(LANGUAGES), count, p=(0.93, 0.02, 0.05)),
        quiet=np.where(chance.random(count) < 0.6, 0, chance.integers(1, len(QUIET), count)),
        tokens=chance.integers(48, 122, (count, TOKEN_BYTES), np.uint8),
    )


def _ground(chance: np.random.Generator) -> tuple[Ints, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Prefecture and centre of each municipality, and its share of the people: prefectures and places fall off."""
    pref_of = np.sort(np.r_[np.arange(PREFECTURES), chance.integers(0, PREFECTURES, AREAS - PREFECTURES)])
    size = (1 / (np.arange(PREFECTURES) + 1) ** 0.7)[pref_of]
    rank = np.concatenate([np.arange(len(group)) + 1 for group in np.split(pref_of, _bounds(pref_of))])
    share = size / rank**0.9
    by_pref = chance.uniform((32, 130.5), (43, 141), (PREFECTURES, 2))
    centres = by_pref[pref_of] + chance.uniform(-0.4, 0.4, (AREAS, 2))
    return pref_of, centres, share / share.sum()


def _bounds(groups: Ints) -> Ints:
    return np.flatnonzero(np.diff(groups)) + 1


def _near(chance: np.random.Generator, pref_of: Ints, home: npt.NDArray[np.float64], homes: Ints) -> Ints:
    """A municipality of the same prefecture for each, by size."""
    sums = np.r_[0.0, home.cumsum()]
    first = np.r_[0, _bounds(pref_of), AREAS]
    low, high = sums[first[pref_of[homes]]], sums[first[pref_of[homes] + 1]]
    found: Ints = np.searchsorted(sums[1:], low + chance.random(len(homes)) * (high - low))
    return found


# --- as an index ---


def contents(nation: Nation) -> Contents:
    """What an index of these devices contains: what `put` makes of each, made of all at once."""
    profiles, profile_of = _profiles(nation)
    counts = np.bincount(nation.device, minlength=nation.count)
    table = np.zeros(nation.count, ROW)
    table["known"] = table["reachable"] = True
    table["count"], table["start"] = counts, counts.cumsum() - counts
    table["profile"], table["address"], table["address_at"] = profile_of, np.arange(nation.count) + 1, AT_US
    pool = np.zeros(len(nation.device), SLOT)
    pool["place"] = nation.where * len(LEASTS) + nation.least - LEASTS[0]
    pool["latitude"], pool["longitude"] = nation.latitude, nation.longitude
    bitmaps = _profile_bitmaps(profiles, profile_of) | _area_bitmaps(nation)
    for bitmap in bitmaps.values():
        bitmap.run_optimize()
    return Contents(
        next_number=nation.count,
        devices=[name(device) for device in range(nation.count)],
        places=[(area(number), least) for number in range(AREAS) for least in LEASTS],
        profiles=profiles,
        table=table,
        pool=pool,
        bitmaps={key: bitmap.serialize() for key, bitmap in bitmaps.items()},
        dead={},
    )


def an_index(nation: Nation) -> Index:
    """The index of these devices."""
    return Index.of(contents(nation), nation.above)


def _profiles(nation: Nation) -> tuple[list[Profile], Ints]:
    codes = (nation.refuses * len(LANGUAGES) + nation.language) * len(QUIET) + nation.quiet
    _, first, profile_of = np.unique(codes, return_index=True, return_inverse=True)
    return [nation.profile(int(device)) for device in first], profile_of


def _profile_bitmaps(profiles: list[Profile], profile_of: Ints) -> dict[Key, BitMap]:
    order = np.argsort(profile_of, kind="stable").astype(np.uint32)
    groups = np.split(order, np.searchsorted(profile_of[order], np.arange(1, len(profiles))))
    found: dict[Key, BitMap] = {}
    for profile, members in zip(profiles, groups, strict=True):
        keys: list[Key] = [("language", profile.language), ("channel", profile.channel)]
        keys += [("not", hazard, rank) for hazard, least in profile.hazards for rank in RANKS if rank < least]
        keys += [("quiet", profile.quiet)] if profile.quiet else []
        those = BitMap(members)
        for key in keys:
            found[key] = found[key] | those if key in found else those
    return found


def _area_bitmaps(nation: Nation) -> dict[Key, BitMap]:
    found: dict[Key, BitMap] = {}
    larger: list[tuple[Ints, Any, int]] = [
        (nation.where, area, AREAS),
        (nation.pref_of[nation.where], prefecture, PREFECTURES),
        (np.zeros(len(nation.where), np.int64), lambda _: NATION, 1),
    ]
    for groups, named, count in larger:
        for rank in RANKS[1:]:
            kept = np.flatnonzero(nation.least <= rank)
            order = kept[np.argsort(groups[kept], kind="stable")]
            cuts = np.searchsorted(groups[order], np.arange(1, count))
            for number, members in enumerate(np.split(nation.device[order].astype(np.uint32), cuts)):
                found["area", named(number), rank] = BitMap(members)
    return found
