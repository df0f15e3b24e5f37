"""Why was this device told, or not: asked in one topic, answered in the other by the shard that has the device."""

from __future__ import annotations

from datetime import timedelta

from schemas.alert import Alert
from schemas.area import AreaCode
from schemas.notification import Answer, Outcome, Question, Reach
from schemas.subscription import Language
from services.eventlog.partition import partition_of
from services.eventlog.port import Message
from services.gateway.core.audience import together
from services.runtime import records
from tests.contract.dispatcher.city import DRILLS, City, in_a_city
from tests.factories import ODAWARA, ZUSHI, a_device, an_alert, an_info, at


async def asked(city: City, device: str, alert: str, id_: str = "q1", **changes: object) -> list[str]:
    now = city.clock.now()
    fields: dict[str, object] = {"id": id_, "device": device, "alert": alert, "asked_at": now} | changes
    question = Question(**fields)  # type: ignore[arg-type]  # names are the test's own
    message = records.message(question, key=id_, id=id_, source="gateway", at=now)
    await city.here.append("questions", [message])
    await city.settles()
    answers = [one for one in await city.payloads("answers") if isinstance(one, Answer) and one.question == id_]
    assert all(one.shard == partition_of(device, 16) for one in answers)
    return [line for answer in answers for line in answer.lines]


@in_a_city
async def test_who_was_told_learns_the_whole_chain(city: City) -> None:
    await city.follows(a_device("device-1"), a_device("device-2"))
    await city.says(an_alert(0, an_info(level=4)))
    lines = await asked(city, "device-1", an_alert().identifier)
    assert [line.split(" ")[0].rstrip("：") for line in lines if not line.startswith(" ")] == [
        "警報",
        "端末：1420600はランク3以上、日本語。",
        "照合（いまの登録で）：小田原市の土砂災害",
        "判断",
        "配信",
        "台帳：小田原市の土砂災害をランク4まで知らせてあり、終わりもこの端末に知らせる。",
    ]
    assert "配信網が受け付けた" in " ".join(lines)


@in_a_city
async def test_who_moved_since_still_learns_what_was_decided_then(city: City) -> None:
    city.delivering = False
    await city.follows(a_device("device-1"))
    await city.says(an_alert(0, an_info(level=4), run="1"), topic=DRILLS)
    [order] = await city.orders()
    await city.delivers(order, device_1=Outcome.DEAD)
    await city.leaves("device-1")
    lines = await asked(city, "device-1", an_alert(0, an_info(level=4), run="1").identifier)
    assert "端末：登録がない（解除されたか、この番号の端末はなかった）。" in lines
    assert "宛先が無効だった" in " ".join(lines)


@in_a_city
async def test_an_unknown_device_or_alert_has_an_answer_too(city: City) -> None:
    assert (await asked(city, "nobody", "nothing"))[0] == (
        "警報 nothing：いまの状況の記録にない（古いか、この市に関係しない）。"
    )


@in_a_city
async def test_an_old_question_and_one_that_cannot_be_read_are_passed_over(city: City) -> None:
    await city.here.append("questions", [Message(key="q0", value=b"{", id="q0")])
    assert await asked(city, "anna", "x", "q2", asked_at=at(0) - timedelta(minutes=2)) == []
    assert await asked(city, "anna", "x", "q3") != []


@in_a_city
async def test_a_question_asked_while_nobody_was_there_is_answered_once(city: City) -> None:
    await city.follows(a_device("anna"))
    lines = await asked(city, "anna", "x")
    await city.stops()
    await city.starts()
    again = [one for one in await city.payloads("answers") if isinstance(one, Answer)]
    assert [list(answer.lines) for answer in again] == [lines]


async def counted(city: City, draft: Alert, id_: str = "p1") -> Reach:
    now = city.clock.now()
    question = Question(id=id_, draft=draft, asked_at=now)
    await city.here.append("questions", [records.message(question, key=id_, id=id_, source="gateway", at=now)])
    await city.settles()
    answers = [one for one in await city.payloads("answers") if isinstance(one, Answer) and one.question == id_]
    assert sorted(one.shard for one in answers) == list(range(16))
    return together(one.reach for one in answers if one.reach is not None)


@in_a_city
async def test_a_draft_is_counted_as_it_is_sent_then(city: City) -> None:
    people = [a_device(f"p{n}", (ODAWARA, ZUSHI)[n % 2], 2 + n % 4, language=tuple(Language)[n % 3]) for n in range(60)]
    await city.follows(*people)
    await city.says(an_alert(0, an_info(level=3)))
    draft = an_alert(5, an_info(level=4, areas=(ODAWARA, ZUSHI)))
    found = await counted(city, draft)
    before = {order.id for order in await city.orders()}
    assert await counted(city, draft, "p2") == found, "to ask changes nothing"
    await city.says(draft)
    orders = [order for order in await city.orders() if order.id not in before]
    by_language: dict[str, int] = {}
    by_area: dict[AreaCode, int] = {}
    for order in orders:
        by_language[order.language] = by_language.get(order.language, 0) + len(order.devices)
        for area in {item.area for item in order.notice.items}:
            by_area[area] = by_area.get(area, 0) + len(order.devices)
    assert found.devices == sum(by_language.values()) > 0
    assert dict(found.by_language) == by_language
    assert dict(found.by_area) == by_area


@in_a_city
async def test_a_draft_that_tells_nobody_is_counted_by_every_shard(city: City) -> None:
    await city.follows(a_device("anna"))
    assert await counted(city, an_alert(0, test=True)) == Reach(devices=0)
