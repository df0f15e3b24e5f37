"""The oracle: who must be told what, by looking at every device there is. Plain sets and numbers; slow and obvious."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from schemas.area import AreaCode
from tests.oracle.world import Bulletin, Device, Item, Told, Word

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
    """Devices, streams, and by drill ("" for real), device and pair the rank that was told."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.followers: dict[AreaCode, set[str]] = defaultdict(set)
        self.streams: dict[str, Stream] = {}
        self.told: dict[str, dict[Pair, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))

    # --- devices ---

    def subscribe(self, device: Device) -> None:
        self.unsubscribe(device.id, forget=False)
        self.devices[device.id] = device
        for area, _ in device.places:
            self.followers[area].add(device.id)

    def unsubscribe(self, device: str, *, forget: bool = True) -> None:
        before = self.devices.pop(device, None)
        for area, _ in before.places if before else ():
            self.followers[area].discard(device)
        if forget:
            for pairs in self.told.values():
                for ranks in pairs.values():
                    ranks.pop(device, None)

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

    def _force(self, drill: str, now: datetime) -> dict[Pair, tuple[int, bool]]:
        """Pair → the loudest rank, and whether somebody may be told of it now."""
        found: dict[Pair, tuple[int, bool]] = {}
        for stream in self.streams.values():
            if stream.drill == drill:
                for word, sent in stream.words(now):
                    news = word.hazard != "quake" or now - sent < QUAKE_NEWS
                    pair = (word.hazard, word.area)
                    found[pair] = max(found.get(pair, (0, False)), (word.rank, news))
        return found

    def _tell(
        self, drill: str, pair: Pair, force: tuple[int, bool], now: datetime, items: dict[str, set[Item]]
    ) -> None:
        rank, news = force
        hazard, area = pair
        told = self.told[drill][pair]
        for name, before in told.items():
            told[name] = min(before, rank)
        if not news:
            return
        loud = rank >= 4 or hazard in {"quake", "tsunami"} or hazard.startswith("evacuation")
        for name in self.followers[area]:
            before = told.get(name, 0)
            if before < rank and wants(self.devices[name], area, hazard, rank, None if loud else (now + JAPAN).time()):
                items[name].add(("rise" if before else "new", hazard, area, rank, before))
                told[name] = rank

    def _end(
        self, stream: Stream, pair: Pair, force: dict[Pair, tuple[int, bool]], items: dict[str, set[Item]]
    ) -> None:
        hazard, area = pair
        told = self.told[stream.drill]
        mistake = stream.took_back(pair)
        elsewhere = [other for other in told if other[0] == hazard and other != pair and other in force]
        for name, rank in told.pop(pair, {}).items():
            if hazard == "quake" and not mistake:
                continue  # it happened; nobody says that it is over
            if not elsewhere or not any(name in told[other] for other in elsewhere):
                items[name].add(("cancel" if mistake else "end", hazard, area, rank, 0))


def wants(device: Device, area: AreaCode, hazard: str, rank: int, japan_time: time | None) -> bool:
    """Whether a device is to be told of this rank there; `japan_time` None where quiet hours do not count."""
    if not device.reachable:
        return False
    if device.hazards and rank < dict(device.hazards).get(hazard.split(":", maxsplit=1)[0], 0):
        return False
    if not any(place == area and rank >= least for place, least in device.places):
        return False
    return japan_time is None or device.quiet is None or not in_hours(device.quiet, japan_time)


def in_hours(quiet: tuple[time, time], at: time) -> bool:
    start, end = quiet
    if start == end:
        return False
    return start <= at < end if start < end else at >= start or at < end
