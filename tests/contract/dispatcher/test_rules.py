"""A city's rules at work on a log: who comes, who wakes, what flaps, what is told too often. And the file itself."""

from __future__ import annotations

import io
from datetime import time, timedelta
from pathlib import Path

import pytest

from schemas.area import City as CityOf
from schemas.level import Grade
from schemas.subscription import QuietHours
from services.dispatcher.core.rules import HARD_LIMIT, Limit, PushRule, Rules
from services.dispatcher.store import rulefile
from services.dispatcher.store.rulefile import RulesUnusable
from services.runtime import cities
from tests.contract.dispatcher.city import City, in_a_city
from tests.factories import ZUSHI, a_device, an_alert, an_info, at

RULES = Rules(newcomers=True, after_quiet=True, flap=timedelta(minutes=10))
EVENING_ONLY = QuietHours(start=time(19), end=time(20, 30))
"""Of Japan: the tests begin at 20:00 there."""


async def by(city: City, rules: Rules) -> None:
    """The dispatcher starts anew, with these rules."""
    await city.stops()
    city.rules = rules
    await city.starts()


@in_a_city
async def test_who_begins_to_follow_a_place_under_a_warning_is_told_at_once_and_hears_the_end(city: City) -> None:
    await by(city, RULES)
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info(level=3)))
    await city.follows(a_device("ben"), a_device("zoe", ZUSHI), a_device("carl", min_rank=4))
    assert sorted(await city.told()) == ["anna", "ben"]
    await city.follows(a_device("ben"), a_device("zoe"))
    assert (await city.told())["zoe"] == [("new", "landslide", 3)]
    await city.says(an_alert(9, an_info(released=True)))
    assert {name: len(told) for name, told in (await city.told()).items()} == {"anna": 2, "ben": 2, "zoe": 2}


@in_a_city
async def test_who_came_while_nobody_was_there_is_told_after_the_start_and_once(city: City) -> None:
    await by(city, RULES)
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info(level=3)))
    await city.stops()
    await city.puts_subscription(a_device("ben"))
    await city.starts()
    assert await city.told() == {"anna": [("new", "landslide", 3)], "ben": [("new", "landslide", 3)]}
    await city.stops()
    await city.starts()
    assert len((await city.told())["ben"]) == 1


@in_a_city
async def test_without_the_rule_who_comes_is_told_at_the_next_word(city: City) -> None:
    await city.says(an_alert(0, an_info(level=3)))
    await city.follows(a_device("ben"))
    assert await city.told() == {}
    await city.says(an_alert(5, an_info(level=3)))
    assert list(await city.told()) == ["ben"]


@in_a_city
async def test_who_was_left_asleep_is_told_when_the_quiet_hours_end(city: City) -> None:
    await by(city, RULES)
    await city.follows(a_device("anna", quiet=EVENING_ONLY), a_device("ben"))
    await city.says(an_alert(0, an_info(level=3)))
    await city.passes_until(at(29))
    assert list(await city.told()) == ["ben"]
    await city.passes_until(at(32))
    assert (await city.told())["anna"] == [("new", "landslide", 3)]
    await city.passes_until(at(90))
    assert len((await city.told())["anna"]) == 1


@in_a_city
async def test_what_is_over_by_then_is_told_to_nobody_who_slept(city: City) -> None:
    await by(city, RULES)
    await city.follows(a_device("anna", quiet=EVENING_ONLY))
    await city.says(an_alert(0, an_info(level=3)))
    await city.says(an_alert(20, an_info(released=True)))
    await city.passes_until(at(45))
    assert await city.told() == {}


@in_a_city
async def test_quiet_hours_that_ended_while_nobody_was_there_have_ended(city: City) -> None:
    await by(city, RULES)
    await city.follows(a_device("anna", quiet=EVENING_ONLY))
    await city.says(an_alert(0, an_info(level=3)))
    await city.stops()
    await city.clock.move_to(at(60))
    await city.starts()
    await city.passes_until(at(62))
    assert await city.told() == {"anna": [("new", "landslide", 3)]}


@in_a_city
async def test_what_flaps_tells_once_also_over_a_restart(city: City) -> None:
    await by(city, RULES)
    await city.follows(a_device("anna"))
    for minute, level in ((0, 4), (3, 3)):
        await city.says(an_alert(minute, an_info(level=level)))
    await city.stops()
    await city.starts()
    await city.clock.move_to(at(6))
    await city.says(an_alert(6, an_info(level=4)))
    await city.clock.move_to(at(9))
    await city.says(an_alert(9, an_info(released=True)))
    assert await city.told() == {"anna": [("new", "landslide", 4), ("end", "landslide", 4)]}


@in_a_city
async def test_what_is_not_loud_is_told_once_in_a_while_with_its_newest_word(city: City) -> None:
    await by(city, Rules(coalesce=timedelta(minutes=2)))
    await city.follows(a_device("anna", min_rank=2))
    await city.says(an_alert(0, an_info("fog", level=None, grade=Grade.ADVISORY)))
    await city.says(an_alert(0.2, an_info("wave", level=None, grade=Grade.ADVISORY)))
    await city.says(an_alert(0.4, an_info("wave", level=None, grade=Grade.WARNING)))
    assert await city.told() == {"anna": [("new", "fog", 2)]}
    await city.says(an_alert(0.5, an_info(level=4), stream="jma:other"))
    assert (await city.told())["anna"][-1] == ("new", "landslide", 4), "what is loud waits for nothing"
    await city.passes_until(at(3))
    assert (await city.told())["anna"][-2:] == [("new", "wave", 3), ("end", "fog", 2)]
    assert not any(lag.lag_records for lag in await city.here.groups() if lag.group.startswith("decide."))


@in_a_city
async def test_a_stream_that_becomes_loud_waits_no_longer(city: City) -> None:
    await by(city, Rules(coalesce=timedelta(minutes=2)))
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info(level=3)))
    await city.says(an_alert(0.2, an_info(level=4)))
    assert await city.told() == {"anna": [("new", "landslide", 3), ("rise", "landslide", 4)]}
    await city.passes_until(at(4))
    assert len((await city.told())["anna"]) == 2


@in_a_city
async def test_the_ceiling_counts_over_a_restart_and_holds_back_no_end(city: City) -> None:
    await by(city, Rules(limits=(Limit(messages=2, span=timedelta(hours=1)),)))
    await city.follows(a_device("anna", min_rank=2))
    for number, hazard in enumerate(("fog", "wave", "thunder")):
        if number == 2:
            await city.stops()
            await city.starts()
        await city.says(an_alert(number, an_info(hazard, level=None, grade=Grade.ADVISORY), stream=hazard))
    assert sorted((await city.told())["anna"]) == [("new", "fog", 2), ("new", "wave", 2)]
    await city.says(an_alert(3, an_info("fog", released=True), stream="fog"))
    assert sorted((await city.told())["anna"]) == [("end", "fog", 2), ("new", "fog", 2), ("new", "wave", 2)]


@in_a_city
async def test_who_was_held_back_is_told_when_there_is_room_if_it_still_holds(city: City) -> None:
    await by(city, Rules(limits=(Limit(messages=2, span=timedelta(hours=1)),)))
    await city.follows(a_device("anna", min_rank=2))
    for number, hazard in enumerate(("fog", "wave", "thunder", "frost")):
        await city.says(an_alert(number, an_info(hazard, level=None, grade=Grade.ADVISORY), stream=hazard))
    await city.says(an_alert(5, an_info("frost", released=True), stream="frost"))
    await city.stops()
    await city.starts()
    await city.passes_until(at(59))
    assert len((await city.told())["anna"]) == 2
    await city.passes_until(at(63))
    assert (await city.told())["anna"][2:] == [("new", "thunder", 2)]
    await city.passes_until(at(180))
    assert len((await city.told())["anna"]) == 3


@in_a_city
async def test_a_source_gone_mad_meets_the_last_defence(city: City) -> None:
    await city.follows(a_device("anna"))
    for number in range(HARD_LIMIT.messages + 5):
        await city.says(an_alert(0, an_info("volcano", level=4), stream=f"mad:{number}", identifier=f"mad:{number}"))
        await city.says(
            an_alert(0.1, an_info("volcano", released=True), stream=f"mad:{number}", identifier=f"over:{number}")
        )
    told = [change for change, _, _ in (await city.told())["anna"]]
    assert told.count("new") <= HARD_LIMIT.messages
    assert told.count("new") == told.count("end")


@in_a_city
async def test_what_a_row_leaves_out_is_pushed_to_nobody(city: City) -> None:
    await by(city, Rules(push=(PushRule(hazards=frozenset({"thunder"}), min_rank=3),)))
    await city.follows(a_device("anna", min_rank=2))
    await city.says(an_alert(0, an_info("thunder", level=None, grade=Grade.ADVISORY)))
    await city.says(an_alert(1, an_info("fog", level=None, grade=Grade.ADVISORY), stream="fog"))
    assert await city.told() == {"anna": [("new", "fog", 2)]}


# --- the file ---

DEPLOY = cities.deploy_dir()
TABLE = cities.load_table(DEPLOY)


def a_deploy(folder: Path, rules: str | None) -> tuple[Path, CityOf]:
    """A folder like deploy/ with Zushi alone, which has these rules."""
    source, here = DEPLOY / "cities" / "zushi", folder / "cities" / "zushi"
    here.mkdir(parents=True)
    (folder / "areas").symlink_to(DEPLOY / "areas")
    for neighbour in ("odawara", "hiratsuka", "kawasaki"):
        (folder / "cities" / neighbour).symlink_to(DEPLOY / "cities" / neighbour)
    (here / "city.toml").write_text((source / "city.toml").read_text("utf-8"), "utf-8")
    if rules is not None:
        (here / "rules.toml").write_text(rules, "utf-8")
    return folder, cities.load_city(folder, "zushi", TABLE)


def test_the_cities_rules_are_good() -> None:
    out = io.StringIO()
    assert rulefile.main([], DEPLOY, out) == 0
    assert out.getvalue().splitlines() == [f"rules: {city}: good" for city in cities.city_ids(DEPLOY)]


def test_a_city_without_a_file_has_the_usual_rules(tmp_path: Path) -> None:
    assert rulefile.load(*a_deploy(tmp_path, None)).limits


@pytest.mark.parametrize(
    ("text", "why"),
    [("[[push]]\nmin_rank = 2\n[[limit]]\nmessages = 6\nminutes = 60", "any advisory"), ("colour = 1", "colour")],
)
def test_rules_that_flood_people_are_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    folder, city = a_deploy(tmp_path, text)
    with pytest.raises(RulesUnusable, match=why):
        rulefile.load(folder, city)
    out = io.StringIO()
    assert rulefile.main(["zushi"], folder, out) == 1
    assert why in out.getvalue()
