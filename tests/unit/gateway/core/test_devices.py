"""What a device may register and change, and who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.alert import Status
from schemas.area import AreaCode
from schemas.hazard import HAZARDS
from schemas.subscription import MIN_RANKS, PLACES_MAX, Channel, Language, Permission, QuietHours, Subscription
from services.gateway.core import devices
from services.gateway.core.devices import PlaceWish, Refused, Where, Wish
from services.runtime import cities
from tests.factories import ODAWARA, ZUSHI, at

AREAS = cities.load_table(cities.deploy_dir())
CITY = cities.load_city(cities.deploy_dir(), "odawara", AREAS)
WHERE = Where(city=CITY, areas=AREAS, locate=lambda latitude, _: "14206" if latitude > 35 else None)
NORTH, SOUTH = AreaCode("class20", "1410011"), AreaCode("class20", "1410012")
SPLIT = replace(WHERE, city=replace(CITY, watch=CITY.watch | {NORTH, SOUTH}))
CREDENTIAL = "A" * 43


def a_device(**changes: Any) -> Subscription:
    made = devices.fresh(CREDENTIAL, at(0))
    assert isinstance(made, Subscription)
    return replace(made, **changes)


def changed(
    before: Subscription | None = None, *, where: Where = WHERE, minute: float = 1, **wish: Any
) -> Subscription:
    made = devices.changed(before or a_device(), Wish(**wish), where, at(minute))
    assert isinstance(made, Subscription), made
    return made


def refused(*, where: Where = WHERE, **wish: Any) -> Refused:
    made = devices.changed(a_device(), Wish(**wish), where, at(1))
    assert isinstance(made, Refused), made
    assert made.message
    assert made.hint
    return made


# --- who may ---


def test_of_a_credential_nothing_is_kept_but_its_hash() -> None:
    device = a_device()
    assert CREDENTIAL not in codec.encode(device).decode()
    assert device.credential_sha256 == devices.digest(CREDENTIAL)
    assert devices.is_right(CREDENTIAL, device)
    assert not devices.is_right("B" + "A" * 42, device)


def test_the_same_credential_is_the_same_device_and_another_is_another() -> None:
    assert a_device().device == devices.device_of(CREDENTIAL)
    assert devices.device_of("B" + "A" * 42) != devices.device_of(CREDENTIAL)
    assert devices.device_of(CREDENTIAL) not in devices.digest(CREDENTIAL)


@pytest.mark.parametrize("credential", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "あ" * 43, "A" * 42 + "\n"])
def test_what_is_no_credential_registers_nothing(credential: str) -> None:
    made = devices.fresh(credential, at(0))
    assert isinstance(made, Refused)
    assert made.code == "E5431"


# --- places ---


@pytest.mark.parametrize("area", ["1420600", "class20:1420600", "14206", "jis5:14206"])
def test_a_municipality_may_be_named_by_class20_or_jis_code(area: str) -> None:
    [place] = changed(places=[PlaceWish(area=area, min_rank=4)]).places
    assert (place.area, place.min_rank, place.latitude, place.longitude) == (ODAWARA, 4, None, None)


def test_a_split_city_is_all_its_parts_and_one_place() -> None:
    others = [PlaceWish(area=one) for one in ("14206", "14208", "14203", "14130")]
    made = changed(where=SPLIT, places=[PlaceWish(area="14100"), *others])
    assert {NORTH, SOUTH} < {place.area for place in made.places}
    assert len(made.places) == 6


def test_a_ward_means_its_city() -> None:
    [place] = changed(places=[PlaceWish(area="14131")]).places
    assert place.area.code == "1413000"


def test_of_a_split_city_only_watched_parts_are_followed() -> None:
    where = replace(WHERE, city=replace(CITY, watch=CITY.watch | {NORTH}))
    assert [place.area for place in changed(where=where, places=[PlaceWish(area="14100")]).places] == [NORTH]


def test_home_and_work_in_one_city_are_one_place_at_the_lower_rank() -> None:
    wishes = [PlaceWish(area="14206", min_rank=rank) for rank in (4, 2, 3)]
    assert [place.min_rank for place in changed(places=wishes).places] == [2]


def test_coordinates_find_their_municipality_and_are_rounded_before_they_are_kept() -> None:
    [place] = changed(places=[PlaceWish(latitude=35.256_789, longitude=139.159_876)]).places
    assert (place.area, place.latitude, place.longitude) == (ODAWARA, 35.26, 139.16)


@given(st.floats(35.01, 90), st.floats(-180, 180))
def test_no_more_than_two_decimals_are_ever_kept(latitude: float, longitude: float) -> None:
    [place] = changed(places=[PlaceWish(latitude=latitude, longitude=longitude)]).places
    for kept, given_ in ((place.latitude, latitude), (place.longitude, longitude)):
        assert kept is not None
        assert kept == round(kept, 2)
        assert abs(kept - given_) <= 0.005 + 1e-9


def test_where_area_and_coordinates_are_given_the_area_counts() -> None:
    [place] = changed(places=[PlaceWish(area="14208", latitude=35.256, longitude=139.159)]).places
    assert (place.area, place.latitude) == (ZUSHI, 35.26)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (PlaceWish(), "E5421"),
        (PlaceWish(area=""), "E5421"),
        (PlaceWish(area="小田原"), "E5421"),
        (PlaceWish(area="tsunami:330"), "E5421"),
        (PlaceWish(area="142"), "E5422"),
        (PlaceWish(area="99999"), "E5422"),
        (PlaceWish(area="1420699"), "E5422"),
        (PlaceWish(area="13101"), "E5423"),
        (PlaceWish(area="0110000"), "E5423"),
        (PlaceWish(latitude=34.0, longitude=139.0), "E5424"),
        (PlaceWish(latitude=35.2), "E5424"),
        (PlaceWish(longitude=139.2), "E5424"),
        (PlaceWish(latitude=91.0, longitude=139.0), "E5424"),
        (PlaceWish(latitude=35.0, longitude=181.0), "E5424"),
        (PlaceWish(latitude=float("nan"), longitude=139.0), "E5424"),
        (PlaceWish(area="14206", latitude=35.2), "E5424"),
        (PlaceWish(area="14206", min_rank=1), "E5426"),
        (PlaceWish(area="14206", min_rank=6), "E5426"),
    ],
)
def test_a_place_that_cannot_be_followed_is_refused_and_it_is_said_why(wish: PlaceWish, code: str) -> None:
    assert refused(places=[wish]).code == code


def test_a_new_part_that_nobody_knows_names_the_parts_that_are_known() -> None:
    assert "class20:1410011" in refused(where=SPLIT, places=[PlaceWish(area="1410099")]).hint


def test_more_than_five_municipalities_are_refused() -> None:
    watch = CITY.watch | {AreaCode("class20", code) for code in ("1420100", "1420400", "1420500")}
    where = replace(WHERE, city=replace(CITY, watch=watch))
    wishes = [PlaceWish(area=one) for one in ("14206", "14208", "14203", "14130", "14201", "14204")]
    assert len(changed(where=where, places=wishes[:PLACES_MAX]).places) == PLACES_MAX
    assert refused(where=where, places=wishes).code == "E5425"


# --- the rest of the wishes ---


def test_what_a_change_does_not_speak_of_stays() -> None:
    before = changed(
        places=[PlaceWish(area="14206")],
        hazard_min_ranks={"thunder": 5},
        language="easy",
        quiet=("22:00", "07:00"),
        address="token",
        permission="granted",
        channel="fcm",
    )
    after = changed(before, minute=2)
    assert after == replace(before, updated_at=at(2))


def test_every_wish_is_taken_up() -> None:
    made = changed(
        hazard_min_ranks={"wind": 4, "flood": 3},
        language="en",
        quiet=("22:00", "07:30"),
        address="token:1",
        permission="denied",
        channel="fcm",
    )
    assert made.hazard_min_ranks == (("flood", 3), ("wind", 4))
    assert (made.language, made.permission, made.channel) == (Language.EN, Permission.DENIED, Channel.FCM)
    assert made.quiet == QuietHours(start=time(22), end=time(7, 30))
    assert (made.address, made.address_at, made.updated_at) == ("token:1", at(1), at(1))


def test_quiet_hours_and_address_can_be_taken_back() -> None:
    before = changed(quiet=("22:00", "07:00"), address="token")
    after = changed(before, quiet=None, address=None)
    assert (after.quiet, after.address, after.address_at) == (None, None, None)


def test_orders_of_level_3_may_be_told_to_wait_as_well() -> None:
    assert [changed(quiet=("22:00", "07:00"), quiet_orders=orders).quiet for orders in (False, True)] == [
        QuietHours(start=time(22), end=time(7), orders=orders) for orders in (False, True)
    ]


def test_quiet_hours_without_a_length_are_none() -> None:
    assert changed(quiet=("22:00", "22:00")).quiet is None


def test_a_change_of_settings_does_not_revive_a_dead_address_and_a_day_does() -> None:
    before = changed(address="token", minute=1)
    assert changed(before, address="token", minute=30).address_at == at(1)
    a_day_later = 1 + devices.ANEW / timedelta(minutes=1)
    assert changed(before, address="token", minute=a_day_later).address_at == at(a_day_later)
    assert changed(before, address="other", minute=30).address_at == at(30)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"hazard_min_ranks": {"flood:820209000400": 3}}, "E5427"),
        ({"hazard_min_ranks": {"meteor": 3}}, "E5427"),
        ({"hazard_min_ranks": {"wind": 1}}, "E5426"),
        ({"language": "de"}, "E5428"),
        ({"channel": "pigeon"}, "E5428"),
        ({"channel": "dry-run"}, "E5428"),
        ({"permission": "maybe"}, "E5428"),
        ({"quiet": ("22:00", "24:00")}, "E5429"),
        ({"quiet": ("22", "07:00")}, "E5429"),
        ({"quiet": ("22:00+09:00", "07:00")}, "E5429"),
        ({"address": ""}, "E5430"),
        ({"address": "two words"}, "E5430"),
        ({"address": "宛先"}, "E5430"),
        ({"address": "x" * (devices.ADDRESS_CHARS_MAX + 1)}, "E5430"),
    ],
)
def test_a_wish_that_cannot_be_had_is_refused_and_it_is_said_why(wish: dict[str, Any], code: str) -> None:
    assert refused(**wish).code == code


def test_a_refused_address_is_not_repeated_in_the_refusal() -> None:
    assert "secret" not in str(refused(address="my secret"))


@given(
    st.dictionaries(st.sampled_from(sorted(HAZARDS)), st.sampled_from(MIN_RANKS)),
    st.sampled_from(sorted(Language)),
    st.none() | st.tuples(st.times(), st.times()).map(lambda pair: (f"{pair[0]:%H:%M}", f"{pair[1]:%H:%M}")),
)
def test_what_is_shown_can_be_sent_again_and_changes_nothing(
    hazards: dict[str, int], language: str, quiet: tuple[str, str] | None
) -> None:
    before = changed(
        where=SPLIT,
        places=[PlaceWish(area="14100", min_rank=2), PlaceWish(latitude=35.251, longitude=139.149)],
        hazard_min_ranks=hazards,
        language=language,
        quiet=quiet,
        quiet_orders=language == "en",
        address="token",
    )
    shown = devices.shown(before, AREAS)
    names = ("area", "min_rank", "latitude", "longitude")
    after = changed(
        before,
        where=SPLIT,
        places=[PlaceWish(**{name: place[name] for name in names}) for place in shown["places"]],
        hazard_min_ranks=shown["hazard_min_ranks"],
        language=shown["language"],
        quiet=shown["quiet"] and (shown["quiet"]["start"], shown["quiet"]["end"]),
        quiet_orders=bool(shown["quiet"]) and shown["quiet"]["orders"],
        channel=shown["channel"],
        address=shown["address"],
        permission=shown["permission"],
    )
    assert after == before


def test_what_is_shown_names_places_and_holds_no_hash() -> None:
    before = changed(places=[PlaceWish(area="14206")])
    shown = devices.shown(before, AREAS)
    assert shown["places"][0]["name"] == {"ja": "小田原市", "easy": "おだわらし", "en": "Odawara City"}
    assert before.credential_sha256 not in str(shown)
    unnamed = devices.shown(before, replace(AREAS, entries={}))
    assert "name" not in unnamed["places"][0]


# --- a test ---


def test_a_test_goes_to_this_device_alone_and_can_be_read_as_nothing_else() -> None:
    device = changed(language="easy", address="secret-token")
    order = devices.trial(device, CITY, 7, at(5))
    assert order.devices == (device.device,)
    assert (order.language, order.channel, order.shard, order.silent) == (Language.EASY, Channel.FCM, 7, True)
    assert (order.notice.status, order.notice.items, order.notice.sender_name) == (Status.TEST, (), "小田原市")
    assert order.expires == at(5) + devices.TEST_VALID
    assert "secret-token" not in codec.encode(order).decode()
    assert codec.decode(codec.headers(order, id=order.id, source="gateway", at=at(5)), codec.encode(order)) == order


def test_two_tests_of_a_device_are_two_orders_and_their_ids_name_no_shard() -> None:
    one, other = (devices.trial(a_device(), CITY, 7, at(minute)) for minute in (5, 6))
    assert one.id != other.id
    assert one.id.count(":") == 1
