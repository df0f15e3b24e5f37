"""Why a device was told of an alert, or was not, for the resident who asks in the app: plain, in three languages.

The same facts and the same finding as `explain`, which is the officer's record of it; without ranks, ids and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType

from schemas.alert import active
from schemas.area import AreaCode
from schemas.hazard import hazard
from schemas.notification import Change, Item, Order, Outcome
from schemas.text import Text
from services.dispatcher.core.explain import Facts, outcome_of, ranks_told
from services.dispatcher.core.ledger import unpacked
from services.dispatcher.core.places import municipalities
from services.dispatcher.core.verdict import JAPAN, Finding, Lack, lack, verdict


def _text(ja: str, easy: str, en: str) -> Text:
    return Text(ja=ja, easy=easy, en=en)


_TOLD = MappingProxyType(
    {
        Change.NEW: _text(
            "{at} {place}の{hazard}を、この端末に知らせると決めました。",
            "{at} {place}の {hazard}を しらせると きめました。",
            "{at} It was decided to tell you: {hazard} in {place}.",
        ),
        Change.RISE: _text(
            "{at} {place}の{hazard}の危険が高まったので、この端末に知らせると決めました。",
            "{at} {place}の {hazard}が もっと あぶなく なったので、 しらせると きめました。",
            "{at} It was decided to tell you that the danger rose: {hazard} in {place}.",
        ),
        Change.LOWERED: _text(
            "{at} {place}の{hazard}の危険が下がったことを、この端末に知らせると決めました。",
            "{at} {place}の {hazard}が すこし よく なったので、 しらせると きめました。",
            "{at} It was decided to tell you that the danger is less: {hazard} in {place}.",
        ),
        Change.END: _text(
            "{at} {place}の{hazard}が終わったことを、この端末に知らせると決めました。",
            "{at} {place}の {hazard}が おわったので、 しらせると きめました。",
            "{at} It was decided to tell you that it is over: {hazard} in {place}.",
        ),
        Change.CANCEL: _text(
            "{at} {place}の{hazard}の知らせは誤りだったと、この端末に知らせると決めました。",
            "{at} {place}の {hazard}の しらせは まちがいだったと しらせると きめました。",
            "{at} It was decided to tell you that it was sent by mistake: {hazard} in {place}.",
        ),
    }
)
_SENT = MappingProxyType(
    {
        Outcome.ACCEPTED: _text(
            "{at} 通知を送りました。配信網が受け取りましたが、画面に出たかどうかは分かりません。",
            "{at} しらせを おくりました。 がめんに でたか どうかは わかりません。",
            "{at} It was sent and taken by the push network; whether it was shown, nobody knows.",
        ),
        Outcome.DEAD: _text(
            "{at} 届きませんでした。端末の届け先が古くなっています。通知を切って、もう一度入れてください。",
            "{at} とどきませんでした。 しらせを いちど きって、 もう いちど いれて ください。",
            "{at} It did not arrive: the address of this device is no longer valid. Turn notifications off and on again.",
        ),
        Outcome.NO_ADDRESS: _text(
            "{at} この端末の届け先がなかったので、送れませんでした。",
            "{at} とどける ところが わからなくて、 おくれませんでした。",
            "{at} It could not be sent: this device had given no address.",
        ),
        Outcome.SUPERSEDED: _text(
            "{at} 送る前に状況が変わったので、新しい内容で知らせ直すことにしました。",
            "{at} おくる まえに かわったので、 あたらしい しらせに しました。",
            "{at} Things changed before it was sent, so what holds now was decided anew.",
        ),
        Outcome.EXPIRED: _text(
            "{at} 送る前に知らせの期限が過ぎたので、送りませんでした。",
            "{at} おそく なったので、 おくりませんでした。",
            "{at} It was no longer valid before it could be sent, so it was not sent.",
        ),
        Outcome.REFUSED: _text(
            "{at} 配信網に断られ、送れませんでした。こちらの不具合です。",
            "{at} おくれませんでした。 わたしたちの まちがいです。",
            "{at} The push network refused it. This is a fault of ours.",
        ),
    }
)
_UNDER_WAY = _text("送っている途中です。", "いま おくって います。", "It is being sent.")
_NOT_BEGUN = _text("まだ送り始めていません。", "まだ おくって いません。", "Sending has not begun yet.")
_FOUND = MappingProxyType(
    {
        Finding.ELSEWHERE: _text(
            "{place}は、あなたが登録した場所ではありません。",
            "{place}は、 あなたの ばしょでは ありません。",
            "{place} is not one of your places.",
        ),
        Finding.OUTSIDE: _text(
            "あなたの場所は、{place}のうち 警報が地図で示す範囲の外です。",
            "{place}の なかですが、 あなたの ばしょは あぶない ところの そとです。",
            "Your place in {place} lies outside of the area drawn on the map of the warning.",
        ),
        Finding.BELOW_WISH: _text(
            "{place}の{hazard}は、あなたが選んだ「知らせる強さ」に届かないので、通知しません。",
            "{place}の {hazard}は、 あなたが えらんだ つよさより よわいので、 しらせません。",
            "{hazard} in {place} is below what you chose to be notified of.",
        ),
        Finding.BELOW_RULE: _text(
            "{place}の{hazard}は、市の決まりで、この強さでは通知しません。この画面には出ます。",
            "{place}の {hazard}は、 まちの きまりで しらせません。 がめんには でます。",
            "{hazard} in {place}: the city does not notify anybody at this strength; it is shown on this page.",
        ),
        Finding.ASLEEP: _text(
            "{place}の{hazard}は、あなたの静かにする時間に発表されたので、音を出しませんでした。",
            "{place}の {hazard}は、 しずかに する じかんに でたので、 しらせませんでした。",
            "{hazard} in {place} was issued during your quiet hours.",
        ),
        Finding.CONCERNED: _text(
            "{place}の{hazard}は、あなたの場所に関係します。すでに知らせた同じことは、二度知らせません。",
            "{place}の {hazard}は、 あなたの ばしょの ことです。 おなじ ことは 2かい しらせません。",
            "{hazard} in {place} concerns you. What you have been told already is not told twice.",
        ),
    }
)
_LACKING = MappingProxyType(
    {
        Lack.NO_ADDRESS: _text(
            "いまは届きません。この端末の届け先が登録されていません。",
            "いまは とどきません。 とどける ところが わかりません。",
            "Nothing can reach this device now: it has given no address.",
        ),
        Lack.NOT_ALLOWED: _text(
            "いまは届きません。端末の設定で、通知が許可されていません。",
            "いまは とどきません。 きかいの せっていで しらせが とめられて います。",
            "Nothing can reach this device now: notifications are turned off in its settings.",
        ),
        Lack.DEAD: _text(
            "いまは届きません。通知を切って、もう一度入れてください。",
            "いまは とどきません。 しらせを いちど きって、 もう いちど いれて ください。",
            "Nothing can reach this device now. Turn notifications off and on again.",
        ),
    }
)
_LIMITED = _text(
    "短い間にたくさん通知したので、急がないものを少し待っています。空きができたら知らせます。",
    "たくさん しらせたので、 いそがない しらせは すこし まちます。",
    "You were notified often lately, so what is not urgent waits a little and is told as soon as there is room.",
)
_END_FOLLOWS = _text(
    "終わったら、この端末にも知らせます。", "おわったら、 しらせます。", "You will be told when it is over."
)
_UNKNOWN = _text(
    "この知らせは、いまの記録にありません。",
    "この しらせは、 いまの きろくに ありません。",
    "There is no record of this warning any more.",
)
_UNREGISTERED = _text(
    "この端末は登録されていません。", "この きかいは とうろく されて いません。", "This device is not registered."
)


def reasons(facts: Facts) -> tuple[Text, ...]:
    """What was decided and became of it; where nothing was, why not. Each once, never empty."""
    told = [*_decided(facts), *_sent(facts)]
    found = [*(told or _not_told(facts)), *_now(facts)]
    return tuple(dict.fromkeys(found)) or (_UNKNOWN,)


def _decided(facts: Facts) -> Iterator[Text]:
    number = facts.number
    for decision in facts.decisions:
        for group in decision.groups:
            if number is not None and number in unpacked(group.devices):
                yield from (_item(facts, item, decision.decided_at) for item in group.items)


def _item(facts: Facts, item: Item, at: datetime) -> Text:
    return _filled(_TOLD[item.change], _place(facts, item.area, item.area_desc), item.hazard, at)


def _sent(facts: Facts) -> Iterator[Text]:
    for order in facts.orders:
        yield _delivery(facts, order)


def _delivery(facts: Facts, order: Order) -> Text:
    receipt = facts.receipts.get(order.id)
    if receipt is None:
        return _NOT_BEGUN
    outcome = outcome_of(facts.device, order, receipt)
    return _UNDER_WAY if outcome is None else _dated(_SENT[outcome], receipt.reported_at)


def _not_told(facts: Facts) -> Iterator[Text]:
    if facts.subscription is None:
        yield _UNREGISTERED
    if facts.alert is None or facts.subscription is None:
        return
    for info in facts.alert.info:
        for area in info.area if active(info) else ():
            meant = municipalities(facts.covers, area.code) if area.code is not None else ()
            found = verdict(facts.subscription, facts.alert, info, area, meant, rules=facts.rules).finding
            yield _filled(_FOUND[found], _place(facts, area.code, area.area_desc), info.hazard)


def _now(facts: Facts) -> Iterator[Text]:
    if facts.subscription is not None and (missing := lack(facts.subscription, is_dead=facts.is_dead)) is not None:
        yield _LACKING[missing]
    if facts.reached:
        yield _LIMITED
    if any(ranks_told(facts, pair) for pair in facts.told if pair.hazard in _hazards(facts)):
        yield _END_FOLLOWS


def _hazards(facts: Facts) -> set[str]:
    return set() if facts.alert is None else {info.hazard for info in facts.alert.info}


def _place(facts: Facts, code: AreaCode | None, desc: str) -> Text:
    named = None if code is None else facts.names.get(code)
    return named or Text(ja=desc, easy=desc, en=desc)


def _filled(text: Text, place: Text, hazard_id: str, at: datetime | None = None) -> Text:
    what = hazard(hazard_id).name
    when = "" if at is None else _time(at)
    return Text(
        ja=text.ja.format(at=when, place=place.ja, hazard=what.ja),
        easy=text.easy.format(at=when, place=place.easy, hazard=what.easy),
        en=text.en.format(at=when, place=place.en, hazard=what.en),
    )


def _dated(text: Text, at: datetime) -> Text:
    return Text(ja=text.ja.format(at=_time(at)), easy=text.easy.format(at=_time(at)), en=text.en.format(at=_time(at)))


def _time(at: datetime) -> str:
    return f"{at.astimezone(JAPAN):%m/%d %H:%M}"
