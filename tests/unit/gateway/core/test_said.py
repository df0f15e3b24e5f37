"""What streams say to be in force, kept while they change: against saying it anew, and by its parts."""

from __future__ import annotations

import random
from dataclasses import replace

from schemas.alert import Scope
from schemas.lifecycle import Stream, fold
from services.gateway.core.said import NOTHING, Place, Word, put, rank, run_of, says
from tests.factories import ODAWARA, ZUSHI, an_alert, an_info, at

LANDSLIDE = Place("", "landslide", ODAWARA)


def a_stream(*levels: int | None, name: str = "s", run: str | None = None) -> Stream:
    """A stream that said these levels one after the other; None: it is over."""
    stream = None
    for minute, level in enumerate(levels):
        alert = an_alert(minute, an_info(level=level, released=level is None), run=run)
        stream = fold(stream, name, alert)
    assert stream is not None
    return stream


def test_a_stream_says_each_area_of_each_block_that_is_in_force() -> None:
    alert = an_alert(0, an_info(areas=(ODAWARA, ZUSHI)), an_info("wind", released=True))
    assert dict(says(fold(None, "s", alert))) == {
        LANDSLIDE: Word("s", 4, None),
        Place("", "landslide", ZUSHI): Word("s", 4, None),
    }


def test_what_is_over_withdrawn_or_not_for_the_public_says_nothing() -> None:
    assert list(says(a_stream(4, None))) == []
    assert list(says(replace(a_stream(4), standing=None))) == []
    assert list(says(fold(None, "s", an_alert(0, scope=Scope.RESTRICTED)))) == []


def test_an_area_without_a_code_is_no_place() -> None:
    info = an_info()
    drawn = replace(info, area=tuple(replace(area, code=None) for area in info.area))
    assert list(says(fold(None, "s", an_alert(0, drawn)))) == []


def test_a_drill_is_of_its_run() -> None:
    [(place, _)] = says(a_stream(4, run="1"))
    assert place == Place("1", "landslide", ODAWARA)
    assert run_of(None) == ""


def test_the_highest_rank_counts_until_its_stated_end() -> None:
    said: dict[Place, tuple[Word, ...]] = {}
    put(said, None, fold(None, "short", an_alert(0, an_info(level=5, expires=at(10)))))
    put(said, None, a_stream(3, name="long"))
    assert [rank(said, LANDSLIDE, at(minute)) for minute in (9, 10)] == [5, 3]
    assert rank(NOTHING, LANDSLIDE, at(0)) is None
    assert rank(said, Place("1", "landslide", ODAWARA), at(0)) is None


def test_kept_while_streams_change_it_is_what_all_of_them_say() -> None:
    chance = random.Random(3)
    said: dict[Place, tuple[Word, ...]] = {}
    streams: dict[str, Stream] = {}
    for _ in range(200):
        name = chance.choice("abc")
        before = streams.pop(name, None)
        after = None if chance.random() < 0.3 else a_stream(chance.choice((3, 4, 5, None)), name=name)
        put(said, before, after)
        if after is not None:
            streams[name] = after
        fresh: dict[Place, tuple[Word, ...]] = {}
        for stream in streams.values():
            put(fresh, None, stream)
        assert {place: set(words) for place, words in said.items()} == {
            place: set(words) for place, words in fresh.items()
        }
