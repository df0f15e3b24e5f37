"""From an alert to orders, on a log: who is told what, that it is decided once, and that everybody hears the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from schemas.alert import Drill, MsgType, Origin, Surface
from schemas.area import AreaCode
from schemas.notification import Decision, DeviceNumber, Order, Outcome
from schemas.situation import CANARY_STREAM
from schemas.status import StatusReport
from schemas.subscription import Channel, Language, QuietHours
from schemas.telegram import DeadLetter
from services.dispatcher.core.ledger import unpacked
from services.eventlog.port import Message
from services.runtime import records
from tests.contract.dispatcher.city import DRILLS, EMERGENCY, ROUTINE, City, in_a_city
from tests.factories import HACHIOJI, ODAWARA, ZUSHI, a_device, an_alert, an_info, at
from tests.scenario.quiet import run

OVER = an_info(released=True)


@in_a_city
async def test_everybody_concerned_is_told_by_an_order_of_his_language(city: City) -> None:
    await city.follows(
        a_device("anna"), a_device("ben", language=Language.EN), a_device("carl", min_rank=5), a_device("dora", ZUSHI)
    )
    await city.says(an_alert(0, an_info(level=4)))
    orders = await city.orders()
    assert {(order.devices, order.language, order.channel) for order in orders} == {
        (("anna",), Language.JA, Channel.FCM),
        (("ben",), Language.EN, Channel.FCM),
    }
    assert {item.change.value for order in orders for item in order.notice.items} == {"new"}
    assert await city.ledger() == {("real", "landslide", ODAWARA, rank): 2 for rank in (1, 2, 3, 4)}


@in_a_city
async def test_the_decision_stands_before_its_orders_and_names_the_same_devices(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert())
    [decision] = [record for record in await city.records("decisions") if await _names(record)]
    [order] = await city.records("deliveries.emergency")
    assert decision.offset < order.offset
    assert order.key == f"{decision.key}:0"
    assert decision.key.startswith(f"alert:{an_alert().identifier}@")


async def _names(record: object) -> bool:
    value = records.payload(record)  # type: ignore[arg-type]  # a record
    return isinstance(value, Decision) and bool(value.groups)


@in_a_city
async def test_repeats_tell_nobody_a_rise_tells_and_the_end_is_told_to_whoever_was_told(city: City) -> None:
    await city.follows(a_device("anna"), a_device("ben", min_rank=4))
    await city.says(an_alert(0, an_info(level=3)))
    await city.says(an_alert(5, an_info(level=3)))
    await city.says(an_alert(10, an_info(level=4)))
    await city.says(an_alert(15, an_info(level=3)))
    await city.says(an_alert(20, OVER))
    assert await city.told() == {
        "anna": [("new", "landslide", 3), ("rise", "landslide", 4), ("end", "landslide", 3)],
        "ben": [("new", "landslide", 4), ("end", "landslide", 3)],
    }
    assert await city.ledger() == {}


@in_a_city
async def test_a_mistake_is_taken_back_from_those_who_were_told(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert(0), an_alert(3, msg_type=MsgType.CANCEL))
    await city.stops()
    await city.starts()
    assert await city.told() == {}, "what came and went before anybody could look is told to nobody"


@in_a_city
async def test_a_mistake_that_was_told_is_taken_back(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert(0))
    await city.says(an_alert(3, msg_type=MsgType.CANCEL))
    assert await city.told() == {"anna": [("new", "landslide", 4), ("cancel", "landslide", 4)]}


@in_a_city
async def test_after_an_outage_only_the_difference_is_told(city: City) -> None:
    await city.follows(a_device("anna"), a_device("ben", ZUSHI))
    await city.says(an_alert(0, an_info(level=3)))
    await city.stops()
    for minute, infos in ((30, [an_info(level=4)]), (60, [an_info(level=5, areas=(ODAWARA, ZUSHI))]), (90, [OVER])):
        await city.puts(an_alert(minute, *infos))
    await city.starts()
    assert await city.told() == {"anna": [("new", "landslide", 3), ("end", "landslide", 3)]}


@in_a_city
async def test_an_old_alert_waits_until_its_source_was_polled(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.hears("jma.extra", at(180))
    await city.passes_until(at(60))
    await city.says(an_alert(0, an_info(level=4)))
    assert await city.told() == {}
    await city.says(an_alert(20, OVER))
    await city.hears("jma.extra", at(240))
    await city.passes_until(at(62))
    assert await city.told() == {}


@in_a_city
async def test_an_old_alert_that_still_counts_is_told_once_its_source_was_polled(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.hears("jma.extra", at(180))
    await city.passes_until(at(60))
    await city.says(an_alert(0, an_info(level=4)), an_alert(50, an_info("wave", level=None), stream="x"))
    await city.hears("jma.extra", at(240))
    await city.passes_until(at(61))
    assert await city.told() == {"anna": [("new", "landslide", 4)]}
    assert not any(lag.lag_records for lag in await city.here.groups() if lag.group.startswith("decide."))


@in_a_city
async def test_an_old_alert_is_told_after_a_while_though_nothing_is_heard(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.hears("jma.extra", at(180))
    await city.passes_until(at(60))
    await city.says(an_alert(0, an_info(level=4)))
    await city.passes_until(at(63))
    assert await city.told() == {"anna": [("new", "landslide", 4)]}


@in_a_city
async def test_nothing_old_is_told_while_its_source_is_silent_and_it_is_told_when_heard(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.hears("jma.extra", at(30))
    await city.stops()
    await city.puts(an_alert(0, an_info(level=4)))
    await city.clock.move_to(at(60))
    await city.starts()
    await city.passes_until(at(70))
    assert await city.told() == {}, "its lease has ended: nobody knows whether it still holds"
    await city.hears("jma.extra", at(200))
    await city.passes_until(at(71))
    assert await city.told() == {"anna": [("new", "landslide", 4)]}


@in_a_city
async def test_a_stated_end_is_told_when_it_comes(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info("fog", level=None, grade=None, expires=at(60))))
    await city.says(an_alert(1, an_info("tornado", level=3, expires=at(60)), stream="jma:tornado"))
    await city.passes_until(at(59))
    assert await city.told() == {"anna": [("new", "tornado", 3)]}
    await city.passes_until(at(61))
    assert await city.told() == {"anna": [("new", "tornado", 3), ("end", "tornado", 3)]}
    causes = [decision.cause for decision in await city.decisions() if decision.groups]
    assert causes[-1].startswith("expire:jma:tornado:")


@in_a_city
async def test_a_drill_is_told_as_a_drill_without_sound_and_ends_with_its_run(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info(level=4)))
    await city.says(an_alert(1, an_info(level=5), run="2026-09-01"), topic=DRILLS)
    await city.says(an_alert(2, an_info("wind", level=3), run="2026-09-02"), topic=DRILLS)
    await city.passes_until(at(5))
    drills = await city.orders(("deliveries.routine",))
    assert all(order.silent and order.notice.drill for order in drills)
    assert len(await city.orders(("deliveries.emergency",))) == 1
    told = [(item.change.value, item.hazard) for order in drills for item in order.notice.items]
    assert sorted(told) == [("end", "landslide"), ("new", "landslide"), ("new", "wind")]
    assert ("real", "landslide", ODAWARA, 4) in await city.ledger()


@in_a_city
async def test_a_drill_without_pushes_tells_nobody(city: City) -> None:
    await city.follows(a_device("anna"))
    quiet = replace(an_alert(0, run="2026-09-01"), drill=Drill(run="2026-09-01", surfaces=(Surface.SIGN,)))
    await city.says(quiet, topic=DRILLS)
    assert await city.told() == {}


@in_a_city
async def test_a_run_that_two_newer_ones_have_pushed_out_is_ended_all_the_same(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info(level=4), run="2026-09-01"), topic=DRILLS)
    await city.stops()
    await city.puts(an_alert(1, an_info("wind", level=2), run="2026-09-02"), DRILLS)
    await city.puts(an_alert(2, an_info("wave", level=2), run="2026-09-03"), DRILLS)
    await city.starts()
    await city.passes_until(at(3))
    [_, end] = await city.orders()
    assert [(item.change.value, item.hazard) for item in end.notice.items] == [("end", "landslide")]
    assert end.notice.drill is not None
    assert end.notice.drill.run == "2026-09-01"


@in_a_city
async def test_a_number_is_in_the_log_before_it_is_used_and_never_given_again(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.leaves("anna")
    await city.stops()
    await city.starts()
    await city.follows(a_device("anna"))
    numbers = [one.number for one in await city.payloads("numbers") if isinstance(one, DeviceNumber)]
    shard = (await city.records("subscriptions"))[0].partition
    assert sorted(numbers) == [1, 2], f"the second device of shard {shard}, and the next free number"


@in_a_city
async def test_who_left_while_nobody_was_there_loses_the_number(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.stops()
    gone = records.tombstone(key="anna", id="gone")
    await city.here.append("subscriptions", [gone])
    await city.starts()
    kept = [record.key for record in await city.records("numbers") if record.value is not None]
    assert all(key.startswith("next:") for key in kept)


@in_a_city
async def test_the_next_dispatcher_knows_who_was_told(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info(level=4)))
    await city.stops()
    await city.starts()
    await city.says(an_alert(5, an_info(level=4)))
    await city.says(an_alert(9, OVER))
    assert await city.told() == {"anna": [("new", "landslide", 4), ("end", "landslide", 4)]}


@in_a_city
async def test_who_was_overtaken_is_told_what_holds_now(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"))
    await city.says(an_alert(0, an_info(level=4)))
    await city.says(an_alert(5, an_info(level=3)))
    [order] = await city.orders()
    await city.delivers(order, device_1=Outcome.SUPERSEDED)
    assert await city.told() == {"device-1": [("new", "landslide", 4), ("new", "landslide", 3)]}


@in_a_city
async def test_a_worker_that_is_behind_makes_no_circle(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"))
    await city.says(an_alert(0, an_info(level=4)))
    [order] = await city.orders()
    await city.delivers(order, device_1=Outcome.SUPERSEDED)
    assert len(await city.orders()) == 1
    await city.passes_until(at(1))
    assert len(await city.orders()) == 2, "told again at the next sweep"


@in_a_city
async def test_a_dead_address_gets_no_end_and_nothing_more_until_there_is_a_new_one(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"))
    await city.says(an_alert(0, an_info(level=3)))
    [order] = await city.orders()
    await city.delivers(order, device_1=Outcome.DEAD)
    assert await city.ledger() == {}
    await city.says(an_alert(5, an_info(level=4)))
    await city.stops()
    await city.starts()
    await city.says(an_alert(7, an_info(level=5)))
    assert len(await city.orders()) == 1
    await city.follows(a_device("device-1", address="address-2", address_at=at(8)))
    await city.says(an_alert(9, an_info(level=5)))
    assert (await city.told())["device-1"] == [("new", "landslide", 3), ("new", "landslide", 5)]


@in_a_city
async def test_who_met_a_refusal_is_told_at_the_next_change(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"))
    await city.says(an_alert(0, an_info(level=3)))
    [order] = await city.orders()
    await city.delivers(order, device_1=Outcome.REFUSED)
    await city.passes_until(at(4))
    assert len(await city.orders()) == 1
    await city.says(an_alert(5, an_info(level=3)))
    assert (await city.told())["device-1"] == [("new", "landslide", 3)] * 2


@in_a_city
async def test_an_end_waits_until_its_beginning_was_delivered(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"), a_device("device-2"))
    await city.says(an_alert(0, an_info(level=4)))
    [order] = await city.orders()
    assert order.devices == ("device-1", "device-2")
    await city.delivers(order, progress=1)
    await city.says(an_alert(2, msg_type=MsgType.CANCEL))
    assert await city.told() == {
        "device-1": [("new", "landslide", 4), ("cancel", "landslide", 4)],
        "device-2": [("new", "landslide", 4)],
    }
    await city.delivers(order, device_2=Outcome.SUPERSEDED)
    await city.passes_until(at(3))
    assert len((await city.told())["device-2"]) == 1
    assert await city.ledger() == {}


@in_a_city
async def test_orders_under_way_are_known_after_a_restart(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"), a_device("device-2"))
    await city.says(an_alert(0, an_info(level=4)))
    [order] = await city.orders()
    await city.delivers(order, progress=1)
    await city.stops()
    await city.starts()
    await city.says(an_alert(2, OVER))
    await city.passes_until(at(3))
    assert (await city.told())["device-1"][-1] == ("end", "landslide", 4)
    assert len((await city.told())["device-2"]) == 1
    await city.delivers(order)
    await city.passes_until(at(4))
    assert (await city.told())["device-2"][-1] == ("end", "landslide", 4)


@in_a_city
async def test_part_of_a_notice_that_was_overtaken_is_told_anew(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"))
    await city.says(an_alert(0, an_info(level=4)))
    await city.delivers((await city.orders())[0])
    await city.says(an_alert(1, an_info("heavy_rain", level=4), an_info(released=True)))
    mixed = (await city.orders())[-1]
    assert [item.change.value for item in mixed.notice.items] == ["new", "end"]
    await city.says(an_alert(2, an_info("heavy_rain", level=5), an_info(released=True)))
    await city.delivers(mixed, device_1=Outcome.SUPERSEDED)
    last = (await city.orders())[-1]
    assert [(item.change.value, item.hazard) for item in last.notice.items] == [("end", "landslide")]
    assert ("real", "heavy_rain", ODAWARA, 5) in await city.ledger()


@in_a_city
async def test_an_end_waits_for_no_worker_that_is_gone(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, an_info(level=4)))
    await city.says(an_alert(2, OVER))
    await city.passes_until(at(62))
    assert await city.told() == {"anna": [("new", "landslide", 4), ("end", "landslide", 4)]}


@in_a_city
async def test_a_larger_area_reaches_who_follows_a_municipality_in_it(city: City) -> None:
    coast = AreaCode("tsunami", "330")
    await city.stops()
    await city.stops()
    wide = City(clock=city.clock, covers={coast: (ODAWARA, ZUSHI)})
    await wide.starts()
    await wide.follows(a_device("anna", more=((ZUSHI, 2),)))
    await wide.says(an_alert(0, an_info("tsunami", level=None, areas=(coast,)), stream="jma:VTSE41:1"))
    await wide.says(an_alert(1, replace(an_info("tsunami", level=4, areas=(coast,))), stream="jma:VTSE41:1"))
    [order] = await wide.orders()
    assert [(item.area, item.rank) for item in order.notice.items] == [(coast, 4)]
    await wide.stops()
    await city.starts()


@in_a_city
async def test_the_office_wakes_people_in_their_quiet_hours_and_a_routine_warning_does_not(city: City) -> None:
    asleep = QuietHours(start=time(19), end=time(23))
    await city.follows(a_device("anna", quiet=asleep))
    await city.says(an_alert(0, an_info("wave", level=None, grade=None)), topic=ROUTINE)
    await city.says(an_alert(1, an_info("heavy_rain", level=3), stream="jma:rain"))
    assert await city.told() == {}
    order = an_alert(2, an_info("evacuation:1", level=3), stream="office:1", origin=Origin.OFFICE, lease="")
    await city.says(order)
    assert await city.told() == {"anna": [("new", "evacuation:1", 3)]}


@in_a_city
async def test_the_canary_goes_to_the_reserved_device_and_nowhere_else(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert(0, test=True, stream=CANARY_STREAM))
    [order] = await city.orders()
    assert (order.devices, order.channel, order.silent) == (("canary",), Channel.DRY_RUN, False)
    assert isinstance(await _newest(city, "status", "canary:order"), StatusReport)
    await city.passes_until(at(30))
    await city.says(an_alert(1, test=True, stream=CANARY_STREAM))
    assert len(await city.orders()) == 1, "an old canary says nothing about now"


async def _newest(city: City, topic: str, key: str) -> object:
    found = [record for record in await city.records(topic) if record.key == key]
    return records.payload(found[-1]) if found else None


@in_a_city
async def test_a_subscription_that_cannot_be_read_stops_nobody_and_is_not_kept(city: City) -> None:
    secret = b'{"device": "ben", "places": "everywhere"}'
    head = {"ce_type": "jp.hansho.subscription.v1"}
    strange = records.message(a_device("somebody"), key="carl", id="strange", source="gateway", at=at(0))
    await city.here.append("subscriptions", [Message(key="ben", value=secret, id="bad", headers=head), strange])
    await city.follows(a_device("anna"))
    await city.says(an_alert(0))
    assert list(await city.told()) == ["anna"]
    letters = [one for one in await city.payloads("dead") if isinstance(one, DeadLetter)]
    assert {letter.code for letter in letters} == {"E1003", "E4002"}
    assert all(len(letter.value) == 44 for letter in letters), "a hash, and no place that anybody follows"


@in_a_city
async def test_a_record_that_is_no_alert_is_put_away_and_a_test_push_of_a_device_is_none_of_ours(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("anna"))
    await city.says(an_alert())
    [order] = await city.orders()
    await city.delivers(replace(order, id="test"))
    await city.delivers(replace(order, id="unknown:1:0"))
    await city.here.append("receipts", [Message(key=order.id, value=b"{", id="broken")])
    await city.delivers(order)
    await city.says(an_alert(3, OVER))
    assert (await city.told())["anna"][-1] == ("end", "landslide", 4)


@in_a_city
async def test_groups_of_a_decision_hold_numbers_and_no_ids(city: City) -> None:
    await city.follows(a_device("anna"))
    await city.says(an_alert())
    groups = [group for decision in await city.decisions() for group in decision.groups]
    assert [len(unpacked(group.devices)) for group in groups] == [1]
    assert "anna" not in str(await city.decisions())


@in_a_city
async def test_what_concerns_nobody_here_is_decided_by_nobody(city: City) -> None:
    await city.follows(a_device("anna", HACHIOJI))
    await city.says(an_alert(0, an_info(areas=(HACHIOJI,))))
    assert await city.decisions() == []
    assert all(isinstance(order, Order) for order in await city.orders())
    await city.says(an_alert(1, an_info(), stream="jma:other"), topic=EMERGENCY)
    assert len(await city.decisions()) == 16, "every shard says that nobody of it is told"


async def _who_chose_a_city_before_it_was_split_is_told_of_its_parts() -> None:
    old, part = AreaCode("class20", "1410000"), AreaCode("class20", "1410011")
    city = City(covers={old: (part,), part: (part,)})
    await city.starts()
    await city.follows(a_device("anna", old))
    await city.says(an_alert(0, an_info(areas=(part,))))
    assert await city.told() == {"anna": [("new", "landslide", 4)]}
    await city.stops()


def test_who_chose_a_city_before_it_was_split_is_told_of_its_parts() -> None:
    run(_who_chose_a_city_before_it_was_split_is_told_of_its_parts())
