"""A city's rules: what is pushed to whom, how often, and what happens when something goes down and up again.

Data (`rules.toml` of the city's folder), read here and never guessed: a file that cannot be understood is a `RulesDefect`
(E4010). `lint` refuses what is known to flood people (E4011), as 20 messages in one night did in Kanagawa on 2022-01-16, and
what would keep silent about a danger to life (E4012), each with the reason. People's own wishes count on top: a rule takes
away, it never adds.

    newcomers = true          # who begins to follow a place under a warning is told of it at once
    after_quiet = true        # who was left asleep is told when the quiet hours end, if it still holds
    lowered = "silent"        # or "notice": who was told more is told, without a sound, that it was lowered
    unlocated = true          # a place without coordinates counts as inside every shape drawn in its municipality
    flap_minutes = 10         # what goes down and up again within these tells nobody twice
    coalesce_seconds = 60     # what is not loud tells of a stream once in these, with the newest word
    [[push]]                  # the first that fits counts; what none fits is pushed from rank 3
    hazards = ["heavy_rain"]  # ids, or "all"
    areas = "watched"         # "own": the city alone; "watched": its neighbours too
    min_rank = 2
    on = ["new", "rise"]
    [[limit]]                 # of what is not loud, to one device
    messages = 6
    minutes = 60
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from schemas.alert import Origin
from schemas.area import AreaCode
from schemas.hazard import HAZARDS, base
from services.dispatcher.core.force import LOUD_RANK, QUAKE, is_order

FLOOR = 3
"""The rank from which a hazard is pushed that no row names, in a city that has rules."""
ALL = "all"
OWN, WATCHED, EVERYWHERE = "own", "watched", "everywhere"
CHANGES = ("new", "rise")
UPDATE = "update"
SILENT, NOTICE = "silent", "notice"
FLAP_MAX, COALESCE_MAX = timedelta(hours=1), timedelta(minutes=5)
MANY_A_MONTH = frozenset(
    {
        *("thunder", "fog", "dry_air", "frost", "low_temperature", "icing", "snow_accretion", "avalanche", "snowmelt"),
        *("wave", "heavy_snow"),
    }
)
"""Hazards whose advisories are in force for days, or come often and grow into nothing. A gale's is not among them: whoever
chose rank 2 waits for it before a storm, and a storm has no level of its own to announce it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many messages to one device within a span, at the most."""

    messages: int
    span: timedelta


HARD_LIMIT = Limit(messages=30, span=timedelta(hours=1))
"""The last defence, whatever a city's rules say, of every beginning and every rank: a source gone mad must not make people
switch us off. Ends and withdrawals are never held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRule:
    """From which rank some hazards are pushed. `hazards` empty: all. `areas`: OWN, WATCHED, EVERYWHERE or codes."""

    hazards: frozenset[str] = frozenset()
    areas: str | frozenset[str] = WATCHED
    min_rank: int = FLOOR
    on: tuple[str, ...] = CHANGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a city decided. As it is made without a file: nothing is held back but by the last defence.

    `lowered`: whether those who were told more are told that something was lowered; then a rise after it is news, and the
    flap guard does not count. `own`: the city's municipalities, for rules that are about them alone.
    """

    push: tuple[PushRule, ...] = ()
    limits: tuple[Limit, ...] = ()
    flap: timedelta = timedelta()
    coalesce: timedelta = timedelta()
    newcomers: bool = False
    after_quiet: bool = False
    unlocated: bool = True
    lowered: bool = False
    floor: int = 1
    own: frozenset[AreaCode] = frozenset()


@dataclass(frozen=True, slots=True)
class RulesDefect:
    """Why a file is no rules."""

    code: ClassVar[str] = "E4010"

    where: str
    reason: str

    def __str__(self) -> str:
        """Say what is wrong, and where."""
        return f"{self.code} {self.where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule must not be used, and what would do. `code`: E4011 it floods people, E4012 it keeps silent."""

    code: str
    where: str
    reason: str
    hint: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.code} {self.where}: {self.reason}; {self.hint}"


def least_rank(rules: Rules, hazard: str, area: AreaCode, origin: Origin) -> int:
    """The rank from which something is pushed; the city's own orders always are."""
    if is_order(hazard, origin):
        return 1
    for rule in rules.push:
        if rule.hazards and base(hazard) not in rule.hazards:
            continue
        if rule.areas in {WATCHED, EVERYWHERE} or (area in rules.own if rule.areas == OWN else area.code in rule.areas):
            return rule.min_rank
    return rules.floor


# --- reading ---


def parse(text: str, own: frozenset[AreaCode]) -> Rules | RulesDefect:
    """The rules of a city whose municipalities are `own`."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return RulesDefect("the file", f"no TOML: {error}")
    try:
        return _rules(said, own)
    except _Wrong as error:
        return RulesDefect(*error.args)


class _Wrong(Exception):
    """Where, and why."""


def _rules(said: Mapping[str, Any], own: frozenset[AreaCode]) -> Rules:
    _known(said, "the file", {*_SWITCHES, "flap_minutes", "coalesce_seconds", "lowered", "push", "limit"})
    switches = {name: _of(said, "the file", name, bool, default) for name, default in _SWITCHES.items()}
    return Rules(
        push=tuple(_push(one, f"push {n}") for n, one in enumerate(_tables(said, "push"), 1)),
        limits=tuple(_limit(one, f"limit {n}") for n, one in enumerate(_tables(said, "limit"), 1)),
        flap=timedelta(minutes=_count(said, "the file", "flap_minutes", 10)),
        coalesce=timedelta(seconds=_count(said, "the file", "coalesce_seconds", 60)),
        lowered=_lowered(said),
        floor=FLOOR,
        own=own,
        **switches,
    )


_SWITCHES = {"newcomers": True, "after_quiet": True, "unlocated": True}


def _push(said: Mapping[str, Any], where: str) -> PushRule:
    _known(said, where, {"hazards", "areas", "min_rank", "on"})
    hazards = said.get("hazards", ALL)
    names = () if hazards == ALL else _words(hazards, where, "hazards")
    if unknown := sorted(set(names) - set(HAZARDS)):
        raise _Wrong(where, f"no such hazard: {', '.join(unknown)}")
    areas = said.get("areas", WATCHED)
    if isinstance(areas, str) and areas not in {OWN, WATCHED, EVERYWHERE}:
        raise _Wrong(where, f"areas = {areas!r}: use {OWN!r}, {WATCHED!r} or a list of class20 codes")
    min_rank = _count(said, where, "min_rank", FLOOR)
    if not 1 <= min_rank <= 5:
        raise _Wrong(where, f"min_rank = {min_rank}: ranks go from 1 to 5")
    return PushRule(
        hazards=frozenset(names),
        areas=areas if isinstance(areas, str) else frozenset(_words(areas, where, "areas")),
        min_rank=min_rank,
        on=_words(said.get("on", list(CHANGES)), where, "on"),
    )


def _lowered(said: Mapping[str, Any]) -> bool:
    value = said.get("lowered", SILENT)
    if value not in {SILENT, NOTICE}:
        raise _Wrong("the file", f"lowered = {value!r}: use {SILENT!r} or {NOTICE!r}")
    return bool(value == NOTICE)


def _limit(said: Mapping[str, Any], where: str) -> Limit:
    _known(said, where, {"messages", "minutes"})
    messages, minutes = (_count(said, where, name, 0) for name in ("messages", "minutes"))
    if not (messages and minutes):
        raise _Wrong(where, "messages and minutes are both needed, and more than none")
    return Limit(messages=messages, span=timedelta(minutes=minutes))


def _tables(said: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    tables = said.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise _Wrong(name, f"write it as [[{name}]]")
    return tables


def _known(said: Mapping[str, Any], where: str, names: set[str]) -> None:
    if unknown := sorted(set(said) - names):
        raise _Wrong(where, f"nothing is called {', '.join(unknown)}; there are {', '.join(sorted(names))}")


def _of(said: Mapping[str, Any], where: str, name: str, kind: type, default: Any) -> Any:
    value = said.get(name, default)
    if type(value) is not kind:
        raise _Wrong(where, f"{name} = {value!r} is no {kind.__name__}")
    return value


def _count(said: Mapping[str, Any], where: str, name: str, default: int) -> int:
    value: int = _of(said, where, name, int, default)
    if value < 0:
        raise _Wrong(where, f"{name} = {value} is less than none")
    return value


def _words(value: Any, where: str, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise _Wrong(where, f"{name} is no list of words")
    return tuple(value)


# --- lint ---


def lint(rules: Rules) -> tuple[Refusal, ...]:
    """Everything that must not be used, in the order of the file."""
    rows = [found for number, rule in enumerate(rules.push, 1) for found in _faults(rule, f"push {number}", rules)]
    return (*rows, *_file_faults(rules))


def _faults(rule: PushRule, where: str, rules: Rules) -> Iterator[Refusal]:
    if UPDATE in rule.on:
        reason = "it pushes on any update: a storm's warnings are re-issued every hour or two, mostly unchanged"
        yield Refusal("E4011", where, reason, f"on = {list(CHANGES)!r} tells what changed for a person")
    elif unknown := sorted(set(rule.on) - set(CHANGES)):
        yield Refusal("E4010", where, f"on = {unknown!r} is none of {list(CHANGES)!r}", "ends are told in any case")
    often = sorted(rule.hazards & MANY_A_MONTH) or ([] if rule.hazards else [ALL])
    if rule.min_rank < FLOOR and often:
        reason = f"it pushes any advisory of {', '.join(often)}: these are in force on most days of a season"
        yield Refusal("E4011", where, reason, f"min_rank = {FLOOR}, or name hazards whose advisories are rare")
    foreign = rule.areas == EVERYWHERE or sorted(_foreign(rule.areas, rules.own))
    if foreign:
        named = "everywhere" if foreign is True else ", ".join(foreign)
        reason = f"it pushes other prefectures' warnings ({named}), which nobody here can act on"
        yield Refusal("E4011", where, reason, f"areas = {WATCHED!r}: the city and its neighbours")
    at_home = isinstance(rule.areas, str) or any(one.code in rule.areas for one in rules.own)
    grave = at_home and (not rule.hazards or rule.hazards & {QUAKE, "tsunami"})
    if rule.min_rank > (FLOOR if grave else LOUD_RANK):
        reason = f"it keeps silent below rank {rule.min_rank}, where life is in danger already"
        yield Refusal("E4012", where, reason, f"min_rank = {FLOOR} or less")


def _foreign(areas: str | frozenset[str], own: frozenset[AreaCode]) -> set[str]:
    prefectures = {one.code[:2] for one in own}
    return set() if isinstance(areas, str) else {one for one in areas if one[:2] not in prefectures}


def _file_faults(rules: Rules) -> Iterator[Refusal]:
    if not rules.limits:
        yield Refusal("E4011", "the file", "it has no limit per person", "add [[limit]] messages = 6, minutes = 60")
    for number, limit in enumerate(rules.limits, 1):
        if limit.messages * timedelta(hours=1) > HARD_LIMIT.messages * limit.span:
            reason = f"{limit.messages} messages in {limit.span} are more than a person bears"
            yield Refusal("E4011", f"limit {number}", reason, "6 an hour is a good figure")
    if rules.flap > FLAP_MAX:
        hint = f"at most {FLAP_MAX // timedelta(minutes=1)}"
        yield Refusal("E4012", "flap_minutes", "a new rise after so long is news that nobody would hear of", hint)
    if rules.coalesce > COALESCE_MAX:
        hint = f"at most {COALESCE_MAX // timedelta(seconds=1)}"
        yield Refusal("E4012", "coalesce_seconds", "a warning is not kept back so long", hint)
