"""What a resident reads who asks why: each finding, each outcome, in three languages and without numbers of ours."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from pyroaring import BitMap

from schemas.alert import Area
from schemas.notification import Change, Outcome
from schemas.subscription import Permission, Subscription
from schemas.text import Text
from services.dispatcher.core.force import Pair
from services.dispatcher.core.ledger import Level
from services.dispatcher.core.reasons import reasons
from services.dispatcher.core.rules import Limit, PushRule, Rules
from tests.factories import ODAWARA, ZUSHI, a_device, an_alert, an_info
from tests.unit.dispatcher.core.telling import ITEM, a_notice, a_receipt, an_order
from tests.unit.dispatcher.core.test_explain import ALERT, ASLEEP, NORTH, a_decision, at_place, facts

ORDER = an_order("c:3:0", devices=("anna", "ben"))


def said(**changes: object) -> list[str]:
    return [reason.ja for reason in reasons(facts(**changes))]


def test_who_was_told_reads_what_was_decided_what_became_of_it_and_what_comes() -> None:
    told = {Pair("landslide", ODAWARA): {1: Level(BitMap([5]), a_notice())}, Pair("wave", ODAWARA): {}}
    found = reasons(
        facts(decisions=(a_decision(ITEM),), orders=(ORDER,), receipts={ORDER.id: a_receipt(ORDER)}, told=told)
    )
    assert found == (
        Text(
            ja="09/01 20:01 小田原市の土砂災害を、この端末に知らせると決めました。",
            easy="09/01 20:01 おだわらしの がけくずれを しらせると きめました。",
            en="09/01 20:01 It was decided to tell you: landslide in Odawara City.",
        ),
        Text(
            ja="09/01 20:01 通知を送りました。配信網が受け取りましたが、画面に出たかどうかは分かりません。",
            easy="09/01 20:01 しらせを おくりました。 がめんに でたか どうかは わかりません。",
            en="09/01 20:01 It was sent and taken by the push network; whether it was shown, nobody knows.",
        ),
        Text(
            ja="終わったら、この端末にも知らせます。",
            easy="おわったら、 しらせます。",
            en="You will be told when it is over.",
        ),
    )


@pytest.mark.parametrize("change", Change)
def test_every_change_has_words_that_leave_no_gap(change: Change) -> None:
    [found] = reasons(facts(decisions=(a_decision(replace(ITEM, change=change)),)))
    assert "小田原市の土砂災害" in found.ja
    assert not any(re.search(r"[{}]|ランク|rank", words) for words in (found.ja, found.easy, found.en))


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_words(outcome: Outcome) -> None:
    of_anna = {} if outcome is Outcome.ACCEPTED else {"anna": outcome}
    [found] = reasons(facts(orders=(ORDER,), receipts={ORDER.id: a_receipt(ORDER, **of_anna)}))  # type: ignore[arg-type]  # by device
    assert found.ja.startswith("09/01 20:01 ")
    assert "{" not in found.ja + found.easy + found.en


def test_what_is_not_sent_yet_says_so() -> None:
    assert said(orders=(ORDER,)) == ["まだ送り始めていません。"]
    assert said(orders=(ORDER,), receipts={ORDER.id: a_receipt(ORDER, progress=0, final=False)}) == [
        "送っている途中です。"
    ]


@pytest.mark.parametrize(
    ("device", "alert", "reason"),
    [
        (a_device("anna", ZUSHI), ALERT, "小田原市は、あなたが登録した場所ではありません。"),
        (
            a_device("anna", min_rank=4),
            ALERT,
            "小田原市の土砂災害は、あなたが選んだ「知らせる強さ」に届かないので、通知しません。",
        ),
        (
            a_device("anna", quiet=ASLEEP),
            ALERT,
            "小田原市の土砂災害は、あなたの静かにする時間に発表されたので、音を出しませんでした。",
        ),
        (
            a_device("anna"),
            ALERT,
            "小田原市の土砂災害は、あなたの場所に関係します。すでに知らせた同じことは、二度知らせません。",
        ),
        (at_place(34.9), NORTH, "あなたの場所は、小田原市のうち 警報が地図で示す範囲の外です。"),
        (
            a_device("anna"),
            an_alert(0, replace(an_info(), area=(Area(area_desc="西部"),))),
            "西部は、あなたが登録した場所ではありません。",
        ),
        (None, ALERT, "この端末は登録されていません。"),
        (None, None, "この端末は登録されていません。"),
        (a_device("anna"), None, "この知らせは、いまの記録にありません。"),
    ],
)
def test_who_was_not_told_reads_why(device: Subscription | None, alert: object, reason: str) -> None:
    assert said(subscription=device, alert=alert) == [reason]


def test_what_the_city_decided_and_what_waits_is_said() -> None:
    assert "市の決まりで" in said(rules=Rules(push=(PushRule(min_rank=4),)))[0]
    assert said(reached=(Limit(messages=6, span=timedelta(hours=1)),))[1].startswith("短い間にたくさん通知した")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subscription": a_device("anna", address=None)}, "届け先が登録されていません"),
        ({"subscription": a_device("anna", permission=Permission.DENIED)}, "通知が許可されていません"),
        ({"is_dead": True}, "通知を切って、もう一度入れてください"),
    ],
)
def test_who_cannot_be_reached_reads_what_to_do(changes: dict[str, object], reason: str) -> None:
    assert reason in said(**changes)[-1]


def test_of_a_device_without_a_number_nobody_claims_that_it_was_told() -> None:
    assert said(decisions=(a_decision(ITEM),), number=None, subscription=None) == ["この端末は登録されていません。"]
    assert len(said(decisions=(a_decision(ITEM, number=6),))) == 1
