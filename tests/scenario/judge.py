"""What was heard in a night, held against what had to be: everything expected once and in its time, and nothing else.

Besides the timeline's own lines some laws hold in every night. Of a hazard a person is told a beginning, then perhaps
rises, then one end, never an end without its beginning, and by the channel of the beginning (invariant 4). A drill makes
no sound (invariant 5), and in a person's quiet hours only what is loud does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from schemas.subscription import QuietHours, is_quiet
from tests.scenario.timeline import JST, Hears, Leaves, Timeline, Words

LOUD = 4
LOUD_AS_SUCH = frozenset({"地震", "津波", "避難情報", "避難所", "お知らせ"})


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that reached somebody's phone."""

    at: datetime
    who: str
    words: Words
    channel: str
    silent: bool = False

    def __str__(self) -> str:
        """When who heard what."""
        return f"{self.at.astimezone(JST):%H:%M:%S} {self.who} heard {self.words}"


def faults(night: Timeline, heard: Sequence[Heard]) -> list[str]:
    """Everything that is wrong with what was heard; empty for a good night."""
    left = {act.who for _, act in night.acts if isinstance(act, Leaves)}
    return [*_differences(night, heard), *_noises(night, heard), *_sounds(night, heard), *laws(heard, left)]


def _differences(night: Timeline, heard: Sequence[Heard]) -> Iterator[str]:
    left = sorted(heard, key=lambda one: one.at)
    for expected in sorted(night.hears, key=lambda one: one.until):
        found = next((one for one in left if _answers(one, expected)), None)
        if found is not None:
            left.remove(found)
            continue
        times = f"{expected.since:%H:%M} and {expected.until:%H:%M}"
        yield f"between {times} {expected.who} should have heard {expected.words}"
    yield from (f"{one}, which no line expects" for one in left)


def _answers(one: Heard, expected: Hears) -> bool:
    return one.who == expected.who and one.words == expected.words and expected.since <= one.at <= expected.until


def _noises(night: Timeline, heard: Sequence[Heard]) -> Iterator[str]:
    for silence in night.silences:
        noises = [one for one in heard if silence.since <= one.at <= silence.until]
        yield from (f"{one}, when nobody was to hear anything" for one in noises)


def _sounds(night: Timeline, heard: Sequence[Heard]) -> Iterator[str]:
    for one in heard:
        if one.words.drill and not one.silent:
            yield f"{one} with a sound, though it is a drill"
        follows = night.people.get(one.who)
        quiet = follows.quiet if follows else None
        loud = one.words.rank >= LOUD or one.words.hazard in LOUD_AS_SUCH
        hours = None if quiet is None else QuietHours(start=quiet[0], end=quiet[1])
        if is_quiet(hours, one.at.astimezone(JST).time()) and not loud and not one.silent:
            yield f"{one} with a sound in quiet hours"


def laws(heard: Iterable[Heard], left: AbstractSet[str] = frozenset()) -> Iterator[str]:
    """What holds in any night: whoever was told is told the end, by the same channel; but for those who `left`."""
    stories: dict[tuple[str, bool, str], list[Heard]] = defaultdict(list)
    for one in sorted(heard, key=lambda one: one.at):
        stories[one.who, one.words.drill, one.words.hazard].append(one)
    for story in stories.values():
        yield from _story(story, has_left=story[0].who in left)


def _story(story: Sequence[Heard], *, has_left: bool) -> Iterator[str]:
    begun: Heard | None = None
    for one in story:
        change = one.words.change
        if begun is None and change != "new":
            yield f"{one} without having heard a beginning"
        if begun is not None and one.channel != begun.channel:
            yield f"{one} by {one.channel}, after a beginning by {begun.channel}"
        begun = None if change in {"end", "cancel"} else begun or one
    if begun is not None and not has_left:
        yield f"{begun}, and never its end"
