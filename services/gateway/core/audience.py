"""Whom a draft would reach, as an officer reads it: how many, where, in which languages, and how long sending takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from schemas.area import AreaCode
from schemas.notification import Reach
from schemas.text import Text

QUOTA_PER_MIN = 600_000
"""Messages a minute that FCM takes of one project by default (Firebase, "FCM Throttling and Quotas"). No send is faster."""
LANGUAGES = {"ja": "日本語", "easy": "やさしい日本語", "en": "English"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """In the words of a page. `neighbours`: areas that are not the city's own and whose followers are told."""

    devices: int
    areas: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    channels: tuple[tuple[str, int], ...]
    neighbours: tuple[str, ...]
    unreachable: int
    asleep: int
    takes_s: int


def together(parts: Iterable[Reach]) -> Reach:
    """What all shards say together: no device is in two of them."""
    devices, unreachable, asleep = 0, 0, 0
    areas: Counter[AreaCode] = Counter()
    languages: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    for part in parts:
        devices, unreachable, asleep = devices + part.devices, unreachable + part.unreachable, asleep + part.asleep
        areas.update(dict(part.by_area))
        languages.update(dict(part.by_language))
        channels.update(dict(part.by_channel))
    return Reach(
        devices=devices,
        by_area=tuple(sorted(areas.items())),
        by_language=tuple(sorted(languages.items())),
        by_channel=tuple(sorted(channels.items())),
        unreachable=unreachable,
        asleep=asleep,
    )


def audience(reach: Reach, own: Iterable[AreaCode], names: Mapping[AreaCode, Text]) -> Audience:
    """The figures with names. `own`: the city's municipalities."""
    at_home = frozenset(own)
    named = [(names[area].ja if area in names else str(area), area, count) for area, count in reach.by_area]
    return Audience(
        devices=reach.devices,
        areas=tuple((name, count) for name, _, count in named),
        languages=tuple((LANGUAGES.get(language, language), count) for language, count in reach.by_language),
        channels=reach.by_channel,
        neighbours=tuple(name for name, area, _ in named if area not in at_home),
        unreachable=reach.unreachable,
        asleep=reach.asleep,
        takes_s=ceil(reach.devices * 60 / QUOTA_PER_MIN),
    )


def lines(found: Audience) -> tuple[str, ...]:
    """For a terminal, a line a fact."""
    return (
        f"プッシュ通知が届く端末：{found.devices:,} 台",
        *(f"  {name}：{count:,} 台" for name, count in found.areas),
        f"言語：{'、'.join(f'{name} {count:,}' for name, count in found.languages) or 'なし'}",
        f"経路：{'、'.join(f'{name} {count:,}' for name, count in found.channels) or 'なし'}",
        f"送信にかかる時間：配信網の上限（毎分 {QUOTA_PER_MIN:,} 通）で、少なくとも {found.takes_s} 秒",
        f"市の外：{'、'.join(found.neighbours) or 'なし'}",
        f"届かない端末：宛先がない {found.unreachable:,} 台、静かにする時間 {found.asleep:,} 台",
    )
