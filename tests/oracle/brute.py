"""The oracle: who must be told what, by looking at every device there is. Plain sets and numbers; slow and obvious."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from schemas.area import AreaCode
from tests.oracle.world import FLAP, Box, Bulletin, Device, Item, Told, Word

QUAKE_NEWS = timedelta(minutes=10)
JAPAN = timedelta(hours=9)

Pair = tuple[str, AreaCode]


class Stream:
    """The reports of a stream that stand, the last one last, and the report in which each pair was last said."""

    def __init__(self, drill: str) -> None:
        self.drill = drill
        self.reports: list[Bulletin] = []
        self.last_said: dict[Pair, Bulletin] = {}
        self.withdrawn: set[Bulletin] = set()
        self.last_sent: datetime | None = None

    def take(self, bulletin: Bulletin) -> None:
        self.last_sent = bulletin.sent
        if bulletin.withdraws:
            if self.reports:
                self.withdrawn.add(self.reports.pop())
            return
        self.reports.append(bulletin)
        self.last_said |= {(word.hazard, word.area): bulletin for word in bulletin.words}

    def took_back(self, pair: Pair) -> bool:
        """Whether the last that was said of a pair was a mistake, and nothing newer stands in its place."""
        said = self.last_said[pair]
        return said in self.withdrawn and all(report.number < said.number for report in self.reports)

    def words(self, now: datetime) -> Iterator[tuple[Word, datetime]]:
        """What is in force by the report that counts, and when that was sent."""
        for report in self.reports[-1:]:
            for word in report.words:
                if word.expires is None or now < word.expires:
                    yield word, report.sent


class Oracle:
    """Devices, streams, and by drill ("" for real), pair and device the rank that was told.

    `above`: by drill, pair, device and rank, since when less has been in force than what was told.
    """

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.followers: dict[AreaCode, set[str]] = defaultdict(set)
        self.streams: dict[str, Stream] = {}
        self.told: dict[str, dict[Pair, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        self.above: dict[tuple[str, Pair], dict[int, tuple[datetime, set[str]]]] = defaultdict(dict)

    # --- devices ---

    def subscribe(self, device: Device) -> None:
        self.unsubscribe(device.id, forget=False)
        self.devices[device.id] = device
        for area, _, _ in device.places:
            self.followers[area].add(device.id)

    def unsubscribe(self, device: str, *, forget: bool = True) -> None:
        before = self.devices.pop(device, None)
        for area, _, _ in before.places if before else ():
            self.followers[area].discard(device)
        if forget:
            for pairs in self.told.values():
                for ranks in pairs.values():
                    ranks.pop(device, None)
            for levels in self.above.values():
                for _, devices in levels.values():
                    devices.discard(device)

    # --- what happens ---

    def bulletin(self, bulletin: Bulletin, now: datetime, refused: frozenset[str]) -> Told:
        """A stream says something; `refused` are devices that nothing reaches this time."""
        stream = self.streams.setdefault(bulletin.stream, Stream(bulletin.drill))
        stream.take(bulletin)
        return self._decide([bulletin.stream], now, refused)

    def moment(self, now: datetime, refused: frozenset[str]) -> Told:
        """What was told and is over by the time, told by the stream that spoke of it last."""
        due: list[str] = []
        for drill, pairs in self.told.items():
            force = self._force(drill, now)
            for pair in sorted(pair for pair, ranks in pairs.items() if ranks and pair not in force):
                speaking = {
                    name: stream.last_sent
                    for name, stream in self.streams.items()
                    if stream.drill == drill and pair in stream.last_said and stream.last_sent
                }
                due.append(max(speaking, key=lambda name: (speaking[name], name)))
        return self._decide(list(dict.fromkeys(due)), now, refused, only_ends=True)

    def _not_told(self, message: Iterable[Item], drill: str, device: str) -> None:
        """A message that was refused: what was told before it counts."""
        for change, hazard, area, _, was in message:
            if change in {"new", "rise"}:
                if was:
                    self.told[drill][hazard, area][device] = was
                else:
                    self.told[drill][hazard, area].pop(device, None)

    # --- who is told ---

    def _decide(self, names: list[str], now: datetime, refused: frozenset[str], *, only_ends: bool = False) -> Told:
        found: Told = defaultdict(list)
        for name in names:
            items: dict[str, set[Item]] = defaultdict(set)
            stream = self.streams[name]
            force = self._force(stream.drill, now)
            pairs = sorted(stream.last_said)
            for pair in pairs:
                if pair in force and not only_ends:
                    self._tell(stream.drill, pair, force[pair], now, items)
            for pair in pairs:
                if pair not in force:
                    self._end(stream, pair, force, items)
            for device, those in items.items():
                found[device].append(frozenset(those))
                if device in refused:
                    self._not_told(those, stream.drill, device)
        return found

    def _force(self, drill: str, now: datetime) -> dict[Pair, Force]:
        """What is said of each pair: by every report that counts its rank, whether it is news, and its box."""
        said: dict[Pair, list[tuple[int, bool, Box | None]]] = defaultdict(list)
        for stream in self.streams.values():
            if stream.drill == drill:
                for word, sent in stream.words(now):
                    news = word.hazard != "quake" or now - sent < QUAKE_NEWS
                    said[word.hazard, word.area].append((word.rank, news, word.box))
        return {pair: Force(those) for pair, those in said.items()}

    def _tell(self, drill: str, pair: Pair, force: Force, now: datetime, items: dict[str, set[Item]]) -> None:
        rank = force.rank
        hazard, area = pair
        told = self.told[drill][pair]
        self._lower(drill, pair, rank, now)
        if not force.news:
            return
        for name in self.followers[area]:
            before = told.get(name, 0)
            device = self.devices[name]
            if before < rank and wants(device, area, hazard, rank, (now + JAPAN).time(), force):
                items[name].add(("rise" if before else "new", hazard, area, rank, before))
                told[name] = rank

    def _lower(self, drill: str, pair: Pair, rank: int, now: datetime) -> None:
        """Rank by rank, as it is said: what was told above is put aside, and counts again if it rises soon enough."""
        told, above = self.told[drill][pair], self.above[drill, pair]
        for one in sorted(above):
            since, devices = above[one]
            if since + FLAP <= now:
                del above[one]
            elif one <= rank:
                told |= {name: one for name in devices if told.get(name, 0) < one}
                del above[one]
        for name, before in told.items():
            for one in range(rank + 1, before + 1):
                above.setdefault(one, (now, set()))[1].add(name)
            told[name] = min(before, rank)

    def _end(self, stream: Stream, pair: Pair, force: dict[Pair, Force], items: dict[str, set[Item]]) -> None:
        hazard, area = pair
        told = self.told[stream.drill]
        mistake = stream.took_back(pair)
        elsewhere = [other for other in told if other[0] == hazard and other != pair and other in force]
        self.above.pop((stream.drill, pair), None)
        for name, rank in told.pop(pair, {}).items():
            if hazard == "quake" and not mistake:
                continue  # it happened; nobody says that it is over
            if not elsewhere or not any(name in told[other] for other in elsewhere):
                items[name].add(("cancel" if mistake else "end", hazard, area, rank, 0))


class Force:
    """What holds of a pair: the loudest rank, whether somebody as loud may tell it now, and where alone (None: everywhere)."""

    def __init__(self, said: list[tuple[int, bool, Box | None]]) -> None:
        self.rank = max(rank for rank, _, _ in said)
        self.news = any(news for rank, news, _ in said if rank == self.rank)
        boxes = [box for _, _, box in said if box is not None]
        same = all(rank == self.rank for rank, _, _ in said)
        self.boxes = boxes if same and len(boxes) == len(said) else None


def wants(device: Device, area: AreaCode, hazard: str, rank: int, japan_time: time, force: Force) -> bool:
    """Whether a device is to be told of this rank there now."""
    if not device.reachable:
        return False
    if device.hazards and rank < dict(device.hazards).get(hazard.split(":", maxsplit=1)[0], 0):
        return False
    if not any(
        place == area
        and rank >= least
        and (force.boxes is None or at is None or any(inside(at, box) for box in force.boxes))
        for place, least, at in device.places
    ):
        return False
    return device.quiet is None or not in_hours(device.quiet[:2], japan_time) or wakes(device, hazard, rank)


def wakes(device: Device, hazard: str, rank: int) -> bool:
    """Whether it is told in quiet hours too."""
    if rank >= 4 or hazard in {"quake", "tsunami"}:
        return True
    return hazard.startswith("evacuation") and rank == 3 and not (device.quiet and device.quiet[2])


def inside(at: tuple[int, int], box: Box) -> bool:
    south, west, north, east = box
    return south <= at[0] <= north and west <= at[1] <= east


def in_hours(quiet: tuple[time, time], at: time) -> bool:
    start, end = quiet
    if start == end:
        return False
    return start <= at < end if start < end else at >= start or at < end
