"""A CAP message from its bytes in the log to the devices that are pushed: who is inside, who gave no point, and when."""

from __future__ import annotations

from dataclasses import replace

from schemas.alert import Alert
from schemas.subscription import Place, Subscription
from services.dispatcher.core.rules import Rules
from services.runtime import records
from tests.contract.dispatcher.city import City, in_a_city
from tests.contract.ingest.cap_peers import cap
from tests.contract.ingest.peers import everything
from tests.contract.ingest.test_cap_parsing import HERE, taken
from tests.factories import a_device, at

WEST = "35.24,139.05 35.34,139.05 35.34,139.14 35.24,139.14 35.24,139.05"
EAST = "35.24,139.15 35.34,139.15 35.34,139.24 35.24,139.24 35.24,139.15"


def device(name: str, latitude: float | None = None, longitude: float | None = None) -> Subscription:
    place = Place(area=HERE, min_rank=2, latitude=latitude, longitude=longitude)
    return replace(a_device(name), places=(place,))


DEVICES = (device("west", 35.30, 139.10), device("east", 35.30, 139.20), device("nowhere"))


async def alerts(*messages: bytes) -> list[Alert]:
    """What the parse consumer appends of these messages."""
    found = [records.payload(record) for record in await everything(await taken(*messages), "alerts.emergency")]
    return [one for one in found if isinstance(one, Alert)]


def area(*rings: str) -> str:
    return "".join(f"<polygon>{one}</polygon>" for one in rings)


@in_a_city
async def test_reaches_who_is_inside_and_who_gave_no_point(city: City) -> None:
    await city.follows(*DEVICES)
    [alert] = await alerts(cap(1, area=area(WEST)))
    await city.says(alert)
    assert sorted(await city.told()) == ["nowhere", "west"]


@in_a_city
async def test_that_grows_tells_who_has_come_to_be_inside_and_ends_for_all(city: City) -> None:
    await city.follows(*DEVICES)
    first, second, over = cap(1, area=area(WEST)), cap(2, msg_type="Update", names=(1,), area=area(WEST, EAST)), b""
    over = cap(
        3, msg_type="Cancel", names=(2,), area=area(WEST, EAST), responses="<responseType>AllClear</responseType>"
    )
    one, two, three = (await alerts(*(first, second, over)))[:3]
    await city.says(one)
    await city.says(two)
    assert {name: [change for change, _, _ in items] for name, items in (await city.told()).items()} == {
        "west": ["new"],
        "nowhere": ["new"],
        "east": ["new"],
    }
    await city.says(three)
    assert {items[-1][0] for items in (await city.told()).values()} == {"end"}


def test_a_place_without_a_point_is_outside_where_the_city_says_so() -> None:
    @in_a_city
    async def runs(city: City) -> None:
        await city.stops()
        city.rules = Rules(unlocated=False)
        await city.starts()
        await city.follows(*DEVICES)
        await city.says(*await alerts(cap(1, area=area(WEST))))
        assert sorted(await city.told()) == ["west"]

    runs()


@in_a_city
async def test_beside_a_code_narrows_nothing(city: City) -> None:
    """CAP 3.2.4: an area is the union of its polygons, circles and geocodes."""
    await city.follows(*DEVICES)
    code = "<geocode><valueName>JISX0402</valueName><value>142069</value></geocode>"
    await city.says(*await alerts(cap(1, area=area(WEST) + code)))
    assert sorted(await city.told()) == ["east", "nowhere", "west"]


@in_a_city
async def test_what_came_and_went_before_we_heard_of_it_tells_nobody_although_it_states_its_end(city: City) -> None:
    await city.follows(*DEVICES)
    await city.hears("cap.city", at(180))
    await city.passes_until(at(60))
    over = cap(2, msg_type="Cancel", names=(1,), area=area(WEST), responses="<responseType>AllClear</responseType>")
    began, ended = await alerts(cap(1, area=area(WEST)), over)
    await city.says(began)
    assert await city.told() == {}, "its source's backlog is not in yet"
    await city.says(ended)
    await city.hears("cap.city", at(240))
    await city.passes_until(at(62))
    assert await city.told() == {}
