"""A city's `rules.toml`: read, linted, and refused where it would flood people or keep silent (`hansho rules lint`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, TextIO

from schemas.area import City
from services.dispatcher.core.rules import FLOOR, Limit, Rules, RulesDefect, lint, parse
from services.runtime import cities
from services.runtime.errors import HanshoError


class RulesUnusable(HanshoError):
    """A city's rules cannot be read, or must not be used."""

    code: ClassVar[str] = "E4013"


def load(deploy: Path, city: City) -> Rules:
    """The rules of a city; a city without a file has the usual ones. Raises `RulesUnusable` with every reason."""
    text = cities.load_rules(deploy, city.id)
    found = usual(city) if text is None else parse(text, frozenset(city.class20))
    reasons = (found,) if isinstance(found, RulesDefect) else lint(found)
    if isinstance(found, RulesDefect) or reasons:
        listed = "\n  ".join(map(str, reasons))
        msg = f"deploy/cities/{city.id}/rules.toml:\n  {listed}"
        raise RulesUnusable(msg)
    return found


def usual(city: City) -> Rules:
    """What holds for a city that says nothing."""
    return Rules(
        limits=(Limit(messages=6, span=timedelta(hours=1)), Limit(messages=20, span=timedelta(days=1))),
        flap=timedelta(minutes=10),
        coalesce=timedelta(minutes=1),
        newcomers=True,
        after_quiet=True,
        floor=FLOOR,
        own=frozenset(city.class20),
    )


def main(named: Sequence[str], deploy: Path, out: TextIO) -> int:
    """Lint the rules of these cities (none named: of all); 0 when all can be used, 1 when one must not be."""
    table = cities.load_table(deploy)
    faults = 0
    for name in named or cities.city_ids(deploy):
        try:
            load(deploy, cities.load_city(deploy, name, table))
        except RulesUnusable as error:
            faults += 1
            print(f"rules: {error}", file=out)
        else:
            print(f"rules: {name}: good", file=out)
    return 1 if faults else 0
