"""A night as data: what happens when, and who must hear what between when and when. Read from `nights/*.txt`.

A file is read aloud from top to bottom. `#` begins a remark. Times are Japan's; a time before the one in the line above
is of the next day.

    title   The night of a storm over Odawara
    begins  2026-09-01 17:00
    ends    03:00

    person  Aoki   follows 小田原市 from 2
    person  Baba   follows 小田原市 from 3, 平塚市 from 3; 大雨 from 4; quiet 22:00-06:00; in English
    officer Ishii, Ueda

    18:00         JMA 大雨: レベル２大雨注意報 小田原市 箱根町; レベル３大雨警報 平塚市
    18:00-18:20   Aoki, Baba hear new 大雨 2 小田原市
    19:00         JMA 大雨 correction: …
    19:10         JMA 大雨 withdrawn
    20:00         JMA 大雨 (drill 1): …
    20:30         JMA 大雨: nothing
    20:40         JMA river レベル３氾濫警報（発表）
    21:00         line cut
    21:30         line back
    22:00         killed
    22:10         Aoki moves: 箱根町 from 3
    22:20         Aoki leaves
    22:30         Doi comes: 小田原市 from 3
    22:40         Ishii drafts order 4 小田原市
    22:50         Ueda approves
    23:00-00:30   nobody hears anything

What a person hears is `CHANGE HAZARD RANK PLACE`: the change is new, rise, end or cancel, behind it `(drill)` for a drill
and `+ N` where N more things are told in the same message. Everything a person hears must be expected by a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from pathlib import Path

JST = timezone(timedelta(hours=9))
NIGHTS = Path(__file__).parent / "nights"
LONG_AGO = datetime(2000, 1, 1, tzinfo=JST)


# --- what happens ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishes:
    """JMA publishes a warning telegram of a family: all that is in force from then on, kind → towns."""

    family: str
    in_force: tuple[tuple[str, tuple[str, ...]], ...] = ()
    corrects: bool = False
    withdraws: bool = False
    drill: str = ""


@dataclass(frozen=True, slots=True)
class Floods:
    """JMA publishes a flood forecast of the city's river."""

    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """The line to JMA is cut, or back."""

    cut: bool


@dataclass(frozen=True, slots=True)
class Killed:
    """The program is killed and started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """What a person follows: towns and hazards, each from a rank upwards; quiet hours."""

    places: tuple[tuple[str, int], ...]
    hazards: tuple[tuple[str, int], ...] = ()
    quiet: tuple[time, time] | None = None
    language: str = "ja"


@dataclass(frozen=True, slots=True)
class Comes:
    """A person begins to follow something, or something else."""

    who: str
    follows: Follows


@dataclass(frozen=True, slots=True)
class Leaves:
    """A person unsubscribes."""

    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """An officer drafts and submits: an order of a level, another level (`changes`), its end (level None), or a drill."""

    who: str
    level: int | None = None
    towns: tuple[str, ...] = ()
    changes: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Approves:
    """Another officer approves what was submitted last."""

    who: str


Act = Publishes | Floods | Line | Killed | Comes | Leaves | Drafts | Approves


# --- what is heard ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One message as somebody hears it: its worst item, and how many more things it tells."""

    change: str
    hazard: str
    rank: int
    place: str
    more: int = 0
    drill: bool = False

    def __str__(self) -> str:
        """As a line of a timeline says it."""
        drill, more = " (drill)" if self.drill else "", f" + {self.more}" if self.more else ""
        return f"{self.change}{drill} {self.hazard} {self.rank} {self.place}{more}"


@dataclass(frozen=True, slots=True)
class Hears:
    """Somebody must hear this between two times."""

    who: str
    words: Words
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody may hear anything between two times."""

    since: datetime
    until: datetime


@dataclass(slots=True)
class Timeline:
    """A whole night."""

    title: str = ""
    begins: datetime = LONG_AGO
    ends: datetime = LONG_AGO
    people: dict[str, Follows] = field(default_factory=dict)
    officers: tuple[str, ...] = ()
    acts: list[tuple[datetime, Act]] = field(default_factory=list)
    hears: list[Hears] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)


class Unreadable(Exception):
    """A line that says nothing we know."""


def nights() -> dict[str, Path]:
    """All timelines by name."""
    return {path.stem: path for path in sorted(NIGHTS.glob("*.txt"))}


def load(path: Path) -> Timeline:
    """Read a timeline's file. Raises `Unreadable` with the line."""
    return read(path.read_text("utf-8"), path.name)


def read(text: str, name: str = "timeline") -> Timeline:
    """Read a timeline."""
    night = Timeline()
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        try:
            _take(night, said)
        except (Unreadable, ValueError, KeyError) as error:
            msg = f"{name}:{number}: {line.strip()!r} is not understood: {error}"
            raise Unreadable(msg) from error
    return night


_TIMED = re.compile(r"(?P<since>\d\d:\d\d)(?:[-–](?P<until>\d\d:\d\d))?\s+(?P<said>.+)")
_CHANGES = "new|rise|end|cancel"
_HEARS = re.compile(
    rf"(?P<who>.+?) hears? (?P<change>{_CHANGES})(?P<drill> \(drill\))? "
    r"(?P<hazard>\S+) (?P<rank>[1-5]) (?P<place>\S+)(?: \+ (?P<more>\d))?"
)


def _take(night: Timeline, said: str) -> None:
    timed = _TIMED.fullmatch(said)
    if timed is None:
        word, _, rest = said.partition(" ")
        _HEAD[word](night, rest.strip())
        return
    since = _after(night, timed["since"])
    if timed["until"] is None:
        night.acts.append((since, _act(timed["said"])))
        return
    _expect(night, since, _later(since, timed["until"]), timed["said"])


def _expect(night: Timeline, since: datetime, until: datetime, said: str) -> None:
    if said == "nobody hears anything":
        night.silences.append(Silence(since, until))
        return
    found = _match(_HEARS, said)
    words = Words(
        change=found["change"],
        hazard=found["hazard"],
        rank=int(found["rank"]),
        place=found["place"],
        more=int(found["more"] or 0),
        drill=found["drill"] is not None,
    )
    for who in _names(found["who"]):
        if who not in night.people and not any(isinstance(act, Comes) and act.who == who for _, act in night.acts):
            msg = f"nobody is called {who}"
            raise Unreadable(msg)
        night.hears.append(Hears(who, words, since, until))


# --- the head ---


def _title(night: Timeline, said: str) -> None:
    night.title = said


def _begins(night: Timeline, said: str) -> None:
    night.begins = night.ends = datetime.fromisoformat(said).replace(tzinfo=JST)


def _ends(night: Timeline, said: str) -> None:
    night.ends = _later(night.begins, said)


def _person(night: Timeline, said: str) -> None:
    who, _, follows = said.partition(" follows ")
    night.people[who.strip()] = _follows(follows)


def _officer(night: Timeline, said: str) -> None:
    night.officers = _names(said)


_HEAD: dict[str, Callable[[Timeline, str], None]] = {
    "title": _title,
    "begins": _begins,
    "ends": _ends,
    "person": _person,
    "officer": _officer,
}


def _follows(said: str) -> Follows:
    places, *rest = said.split(";")
    hazards: list[tuple[str, int]] = []
    quiet = None
    language = "ja"
    for part in map(str.strip, rest):
        if hours := re.fullmatch(r"quiet (\d\d:\d\d)[-–](\d\d:\d\d)", part):
            quiet = (time.fromisoformat(hours[1]), time.fromisoformat(hours[2]))
        elif part.startswith("in "):
            language = {"English": "en", "easy Japanese": "easy"}[part.removeprefix("in ")]
        else:
            hazards += _from(part)
    return Follows(places=tuple(_from(places)), hazards=tuple(hazards), quiet=quiet, language=language)


def _from(said: str) -> Iterator[tuple[str, int]]:
    for part in said.split(","):
        found = _match(re.compile(r"(\S+) from ([2-5])"), part.strip())
        yield found[1], int(found[2])


# --- the acts ---


def _act(said: str) -> Act:
    for pattern, made in _ACTS:
        if found := pattern.fullmatch(said):
            return made(found)
    msg = "no act is written like this"
    raise Unreadable(msg)


def _publishes(found: re.Match[str]) -> Act:
    return Publishes(
        family=found["family"],
        in_force=() if found["says"] == "nothing" else tuple(_kinds(found["says"])),
        corrects=found["how"] == " correction",
        drill=found["drill"] or "",
    )


def _kinds(said: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part in said.split(";"):
        kind, *towns = part.split()
        if not towns:
            msg = f"{kind} is in force nowhere"
            raise Unreadable(msg)
        yield kind, tuple(towns)


_ACTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Act]], ...] = (
    (re.compile(r"JMA river (?P<kind>\S+)"), lambda found: Floods(found["kind"])),
    (
        re.compile(r"JMA (?P<family>\S+) withdrawn"),
        lambda found: Publishes(family=found["family"], withdraws=True),
    ),
    (re.compile(r"JMA (?P<family>\S+?)(?P<how> correction)?(?: \(drill (?P<drill>\w+)\))?: (?P<says>.+)"), _publishes),
    (re.compile(r"line (?P<state>cut|back)"), lambda found: Line(found["state"] == "cut")),
    (re.compile(r"killed"), lambda _: Killed()),
    (re.compile(r"(?P<who>\w+) (?:comes|moves): (?P<follows>.+)"), lambda f: Comes(f["who"], _follows(f["follows"]))),
    (re.compile(r"(?P<who>\w+) leaves"), lambda found: Leaves(found["who"])),
    (
        re.compile(
            r"(?P<who>\w+) (?P<how>drafts|changes to) (?P<drill>drill of )?order (?P<level>[345]) (?P<towns>.+)"
        ),
        lambda found: Drafts(
            who=found["who"],
            level=int(found["level"]),
            towns=tuple(found["towns"].split()),
            changes=found["how"] != "drafts",
            drill=found["drill"] is not None,
        ),
    ),
    (re.compile(r"(?P<who>\w+) drafts the end"), lambda found: Drafts(who=found["who"])),
    (re.compile(r"(?P<who>\w+) approves"), lambda found: Approves(found["who"])),
)


# --- times and names ---


def _after(night: Timeline, clock: str) -> datetime:
    """The next time that the clock shows this, counted from the act or the expectation before."""
    latest = max((at for at, _ in night.acts), default=night.begins)
    return _later(max(latest, max((one.since for one in night.hears), default=latest)), clock)


def _later(than: datetime, clock: str) -> datetime:
    at = datetime.combine(than.date(), time.fromisoformat(clock), JST)
    return at if at >= than else at + timedelta(days=1)


def _names(said: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in said.split(","))


def _match(pattern: re.Pattern[str], said: str) -> re.Match[str]:
    found = pattern.fullmatch(said)
    if found is None:
        msg = f"expected {pattern.pattern}, found {said!r}"
        raise Unreadable(msg)
    return found
