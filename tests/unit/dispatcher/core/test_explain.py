"""Why a device was told, or was not: the lines, as an officer reads them on the telephone."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from pyroaring import BitMap

from schemas.alert import Area, Drill
from schemas.area import AreaCode
from schemas.lifecycle import fold
from schemas.notification import Change, Decision, Item, Outcome, Told
from schemas.subscription import Language, Permission, Place, QuietHours, Subscription
from schemas.text import Text
from services.dispatcher.core.explain import Facts, explain
from services.dispatcher.core.force import Pair, notice_of
from services.dispatcher.core.ledger import Level, packed
from services.dispatcher.core.rules import HARD_LIMIT, Limit, PushRule, Rules
from tests.factories import ODAWARA, ZUSHI, a_device, an_alert, an_info, at
from tests.unit.dispatcher.core.telling import ITEM, a_notice, a_receipt, an_order

ALERT = an_alert(0, an_info(level=3), an_info("wind", released=True))
NORTH = an_alert(0, replace(an_info(), area=(Area(area_desc="小田原市", code=ODAWARA, circle=("36,139 5",)),)))
TEXTS = {ODAWARA: Text(ja="小田原市", easy="おだわらし", en="Odawara City")}
ASLEEP = QuietHours(start=time(20), end=time(6))


def a_decision(*items: Item, number: int = 5, minute: float = 1) -> Decision:
    groups = (Told(items=items, devices=packed(BitMap([number]))),) if items else ()
    notice = notice_of(fold(None, "s", ALERT))
    return Decision(cause="c", shard=3, decided_at=at(minute), notice=notice, groups=groups, ledger=())


def at_place(latitude: float) -> Subscription:
    return a_device("anna", places=(Place(area=ODAWARA, latitude=latitude, longitude=139.0),))


def facts(**changes: object) -> Facts:
    plain = Facts(
        device="anna",
        alert_id=ALERT.identifier,
        alert=ALERT,
        subscription=a_device("anna"),
        number=5,
        is_dead=False,
        decisions=(),
        orders=(),
        receipts={},
        told={},
        covers={},
        names=TEXTS,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # names are the test's own


def test_the_whole_chain_of_somebody_who_was_told() -> None:
    order = an_order("c:3:0", devices=("anna", "ben"))
    lines = explain(
        facts(
            decisions=(a_decision(ITEM),),
            orders=(order,),
            receipts={order.id: a_receipt(order)},
            told={Pair("landslide", ODAWARA): {1: Level(BitMap([5]), a_notice()), 3: Level(BitMap([5]), a_notice())}},
        )
    )
    assert lines == (
        f"警報 {ALERT.identifier}：横浜地方気象台が 09/01 20:00:00 に発表。土砂災害に警戒してください。",
        "  内容：「landslide 3」小田原市、ランク3。",
        "  内容：「wind released」小田原市、解除。",
        "端末：小田原市はランク3以上、日本語。",
        "照合（いまの登録で）：小田原市の土砂災害 → 対象。",
        "判断 09/01 20:01:00：この端末に知らせると決めた：小田原市の土砂災害（ランク3）を新たに。",
        "配信 c:3:0：09/01 20:01:00 配信網が受け付けた（画面を見たかどうかは分からない）。",
        "台帳：小田原市の土砂災害をランク3まで知らせてあり、終わりもこの端末に知らせる。",
    )


@pytest.mark.parametrize(
    ("device", "alert", "verdict"),
    [
        (a_device("anna", ZUSHI), ALERT, "端末の場所ではない"),
        (a_device("anna", min_rank=4), ALERT, "ランク3は端末が受け取るランク4に届かない"),
        (a_device("anna", hazard_min_ranks=(("landslide", 5),)), ALERT, "ランク3は端末が受け取るランク5に届かない"),
        (a_device("anna", quiet=ASLEEP), ALERT, "発表は静かにする時間の中だった"),
        (a_device("anna", quiet=ASLEEP), an_alert(0, an_info(level=4)), "対象"),
        (a_device("anna"), an_alert(0, replace(an_info(), area=(Area(area_desc="小田原市"),))), "端末の場所ではない"),
        (a_device("anna"), an_alert(0, replace(an_info(), rank=None)), "ランク1は端末が受け取るランク3に届かない"),
        (at_place(34.9), NORTH, "端末の場所は、警報が地図で示す範囲の外"),
        (at_place(36.0), NORTH, "対象"),
        (a_device("anna"), NORTH, "対象"),
    ],
)
def test_why_an_alert_does_or_does_not_concern_a_device(device: Subscription, alert: object, verdict: str) -> None:
    lines = explain(facts(subscription=device, alert=alert))
    assert f"照合（いまの登録で）：小田原市の土砂災害 → {verdict}。" in lines


def test_what_the_city_decided_is_said() -> None:
    rules = Rules(push=(PushRule(min_rank=4),), unlocated=False)
    assert "照合（いまの登録で）：小田原市の土砂災害 → 市の決まりでは、これはランク4からしか通知しない。" in explain(
        facts(rules=rules)
    )
    lines = explain(facts(rules=rules, alert=NORTH))
    assert "照合（いまの登録で）：小田原市の土砂災害 → 端末の場所は、警報が地図で示す範囲の外。" in lines


def test_who_was_told_as_much_as_anybody_may_be_hears_so() -> None:
    lines = explain(facts(reached=(Limit(messages=6, span=timedelta(hours=1)), HARD_LIMIT)))
    assert (
        "上限：この端末には、この60分に6通を送った。急がない知らせは見合わせていて、空きができたらすぐ送る。" in lines
    )
    assert "上限：この端末には、この60分に30通を送った。どの知らせも見合わせていて、空きができたらすぐ送る。" in lines


def test_a_larger_area_concerns_who_follows_a_place_in_it() -> None:
    coast = AreaCode("tsunami", "330")
    wave = replace(an_info("tsunami", level=4), area=(Area(area_desc="相模湾", code=coast),))
    lines = explain(facts(alert=an_alert(0, wave), covers={coast: (ODAWARA,)}))
    assert "照合（いまの登録で）：相模湾の津波 → 対象。" in lines


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"subscription": a_device("anna", address=None)}, "  いまは届かない：宛先がない。"),
        (
            {"subscription": a_device("anna", permission=Permission.DENIED)},
            "  いまは届かない：端末で通知が許可されていない。",
        ),
        ({"is_dead": True}, "  いまは届かない：宛先が無効になっている。"),
        ({"subscription": None}, "端末：登録がない（解除されたか、この番号の端末はなかった）。"),
        ({"alert": None}, f"警報 {ALERT.identifier}：いまの状況の記録にない（古いか、この市に関係しない）。"),
        ({}, "判断：この警報についての判断はない。"),
        (
            {
                "subscription": a_device(
                    "anna",
                    AreaCode("class20", "1"),
                    hazard_min_ranks=(("thunder", 4),),
                    quiet=ASLEEP,
                    language=Language.EASY,
                )
            },
            "端末：1はランク3以上、雷はランク4以上、静かにする時間 20:00〜06:00、やさしい日本語。",
        ),
        ({"subscription": replace(a_device("anna"), places=())}, "端末：場所の登録なし、日本語。"),
    ],
)
def test_what_is_said_of_the_device_and_the_alert(changes: dict[str, object], line: str) -> None:
    assert line in explain(facts(**changes))


@pytest.mark.parametrize("decision", [a_decision(), a_decision(ITEM, number=6)])
def test_a_decision_that_does_not_name_the_device_says_so(decision: Decision) -> None:
    lines = explain(facts(decisions=(decision,)))
    assert "判断 09/01 20:01:00：この端末に知らせることはなかった（対象でないか、すでに知らせてあった）。" in lines


def test_of_a_device_that_left_nobody_can_say_whether_a_decision_named_it() -> None:
    [line] = [line for line in explain(facts(decisions=(a_decision(ITEM),), number=None)) if line.startswith("判断")]
    assert "分からない" in line


def test_every_decision_has_its_line_and_every_item_its_word() -> None:
    items = (
        replace(ITEM, change=Change.RISE, rank=4),
        replace(ITEM, change=Change.END, hazard="wind"),
        replace(ITEM, change=Change.CANCEL, hazard="evacuation:1"),
    )
    lines = explain(facts(decisions=(a_decision(minute=1), a_decision(*items, minute=2))))
    assert [line for line in lines if line.startswith("判断")][1] == (
        "判断 09/01 20:02:00：この端末に知らせると決めた：小田原市の土砂災害（ランク4）を引き上げとして、"
        "小田原市の暴風（ランク3）を解除・終了として、小田原市の避難情報（ランク3）を取り消しとして。"
    )


ORDER = an_order("c:3:0", devices=("anna", "ben"))


@pytest.mark.parametrize(
    ("receipts", "state"),
    [
        ({}, "まだ始まっていない"),
        ({ORDER.id: a_receipt(ORDER, progress=0, final=False)}, "09/01 20:01:00 送信の途中"),
        ({ORDER.id: a_receipt(ORDER, progress=2, waiting=("anna",), final=False)}, "09/01 20:01:00 送信の途中"),
        (
            {ORDER.id: a_receipt(ORDER, ben=Outcome.DEAD)},
            "09/01 20:01:00 配信網が受け付けた（画面を見たかどうかは分からない）",
        ),
        (
            {ORDER.id: a_receipt(ORDER, anna=Outcome.DEAD)},
            "09/01 20:01:00 宛先が無効だった。端末が新しい宛先を登録するまで送らない",
        ),
        (
            {ORDER.id: a_receipt(ORDER, anna=Outcome.SUPERSEDED)},
            "09/01 20:01:00 送る前に状況が変わったので送らず、改めて判断した",
        ),
    ],
)
def test_what_became_of_an_order(receipts: dict[str, object], state: str) -> None:
    assert f"配信 c:3:0：{state}。" in explain(facts(orders=(ORDER,), receipts=receipts))


def test_the_ledger_of_a_drill_says_so_and_that_of_others_says_nothing() -> None:
    drill = replace(a_notice(), drill=Drill(run="1"))
    told = {
        Pair("landslide", ODAWARA): {1: Level(BitMap([5]), drill)},
        Pair("wind", ODAWARA): {1: Level(BitMap([6]), drill)},
    }
    lines = [line for line in explain(facts(told=told)) if line.startswith("台帳")]
    assert lines == ["台帳（訓練 drill-1）：小田原市の土砂災害をランク1まで知らせてあり、終わりもこの端末に知らせる。"]
    assert not any(line.startswith("台帳") for line in explain(facts(told=told, number=None)))
