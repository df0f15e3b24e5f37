"""Why a device was told of an alert, or was not: the chain from the warning to the receipt, in words, a line a step.

Nothing here decides anything: it reads what was decided, ordered and receipted, and sets what the device follows now
beside it. Written for the officer who is asked on the telephone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.alert import Alert, active
from schemas.area import AreaCode
from schemas.hazard import hazard
from schemas.notification import Change, Decision, Item, Order, Outcome, Receipt
from schemas.subscription import Language, Place, Subscription
from schemas.text import Text
from services.dispatcher.core.force import Pair, run_named
from services.dispatcher.core.ledger import Run, unpacked
from services.dispatcher.core.places import Covers, municipalities
from services.dispatcher.core.rules import HARD_LIMIT, Limit, Rules
from services.dispatcher.core.verdict import JAPAN, Finding, Lack, lack, verdict

_CHANGES = {
    Change.NEW: "新たに",
    Change.RISE: "引き上げとして",
    Change.LOWERED: "引き下げとして",
    Change.END: "解除・終了として",
    Change.CANCEL: "取り消しとして",
}
_OUTCOMES = {
    Outcome.ACCEPTED: "配信網が受け付けた（画面を見たかどうかは分からない）",
    Outcome.DEAD: "宛先が無効だった。端末が新しい宛先を登録するまで送らない",
    Outcome.NO_ADDRESS: "宛先がなかった",
    Outcome.SUPERSEDED: "送る前に状況が変わったので送らず、改めて判断した",
    Outcome.EXPIRED: "送る前に有効期限が過ぎたので送らなかった",
    Outcome.REFUSED: "配信網が内容を拒んだ（システム側の不具合）",
}
_FINDINGS = {
    Finding.ELSEWHERE: "端末の場所ではない",
    Finding.OUTSIDE: "端末の場所は、警報が地図で示す範囲の外",
    Finding.BELOW_WISH: "ランク{rank}は端末が受け取るランク{least}に届かない",
    Finding.BELOW_RULE: "市の決まりでは、これはランク{least}からしか通知しない",
    Finding.ASLEEP: "発表は静かにする時間の中だった",
    Finding.CONCERNED: "対象",
}
_LACKS = {
    Lack.NO_ADDRESS: "宛先がない",
    Lack.NOT_ALLOWED: "端末で通知が許可されていない",
    Lack.DEAD: "宛先が無効になっている",
}
_LANGUAGES = {Language.JA: "日本語", Language.EASY: "やさしい日本語", Language.EN: "英語"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the records say about one device and one alert.

    `number`: the device's, None when it has none. `decisions`: this shard's about the alert, in their order; `orders`:
    those of them that name the device; `receipts`: the newest of each order. `told`: the ledger of the alert's run.
    `names`: of municipalities. `rules`: the city's; `reached`: those of its limits that the device has reached.
    """

    device: str
    alert_id: str
    alert: Alert | None
    subscription: Subscription | None
    number: int | None
    is_dead: bool
    decisions: Sequence[Decision]
    orders: Sequence[Order]
    receipts: Mapping[str, Receipt]
    told: Run
    covers: Covers
    names: Mapping[AreaCode, Text]
    rules: Rules = field(default_factory=Rules)
    reached: Sequence[Limit] = ()


def explain(facts: Facts) -> tuple[str, ...]:
    """The lines, in Japanese. Never empty."""
    return (
        *_alert(facts),
        *_device(facts),
        *_matching(facts),
        *_decisions(facts),
        *_ceiling(facts),
        *_deliveries(facts),
        *_ledger(facts),
    )


def _time(at: datetime) -> str:
    return f"{at.astimezone(JAPAN):%m/%d %H:%M:%S}"


# --- the alert ---


def _alert(facts: Facts) -> Iterator[str]:
    alert = facts.alert
    if alert is None:
        yield f"警報 {facts.alert_id}：いまの状況の記録にない（古いか、この市に関係しない）。"
        return
    yield f"警報 {alert.identifier}：{alert.sender_name}が {_time(alert.sent)} に発表。{alert.headline}"
    for info in alert.info:
        places = "、".join(area.area_desc for area in info.area)
        state = f"ランク{info.rank or 1}" if active(info) else "解除"
        yield f"  内容：「{info.event}」{places}、{state}。"


# --- the device ---


def _device(facts: Facts) -> Iterator[str]:
    wishes = facts.subscription
    if wishes is None:
        yield "端末：登録がない（解除されたか、この番号の端末はなかった）。"
        return
    places = "、".join(_place(facts, place) for place in wishes.places) or "場所の登録なし"
    hazards = "、".join(f"{hazard(name).name.ja}はランク{rank}以上" for name, rank in wishes.hazard_min_ranks)
    quiet = f"、静かにする時間 {wishes.quiet.start:%H:%M}〜{wishes.quiet.end:%H:%M}" if wishes.quiet else ""
    yield f"端末：{places}{'、' + hazards if hazards else ''}{quiet}、{_LANGUAGES[wishes.language]}。"
    if (found := lack(wishes, is_dead=facts.is_dead)) is not None:
        yield f"  いまは届かない：{_LACKS[found]}。"


def _place(facts: Facts, place: Place) -> str:
    name = facts.names.get(place.area)
    return f"{place.area.code if name is None else name.ja}はランク{place.min_rank}以上"


# --- whether it concerns the device ---


def _matching(facts: Facts) -> Iterator[str]:
    if facts.alert is None or facts.subscription is None:
        return
    for info in facts.alert.info:
        for area in info.area if active(info) else ():
            meant = municipalities(facts.covers, area.code) if area.code is not None else ()
            found = verdict(facts.subscription, facts.alert, info, area, meant, rules=facts.rules)
            words = _FINDINGS[found.finding].format(rank=found.rank, least=found.least)
            yield f"照合（いまの登録で）：{area.area_desc}の{hazard(info.hazard).name.ja} → {words}。"


# --- what was decided, ordered, receipted ---


def _decisions(facts: Facts) -> Iterator[str]:
    if not facts.decisions:
        yield "判断：この警報についての判断はない。"
    for decision in facts.decisions:
        yield f"判断 {_time(decision.decided_at)}：{_decided(decision, facts.number)}。"


def _decided(decision: Decision, number: int | None) -> str:
    if number is None:
        return "端末の登録がもうないので、含まれていたかどうかはここからは分からない"
    told = next((group.items for group in decision.groups if number in unpacked(group.devices)), ())
    if not told:
        return "この端末に知らせることはなかった（対象でないか、すでに知らせてあった）"
    return f"この端末に知らせると決めた：{'、'.join(map(_item, told))}"


def _item(item: Item) -> str:
    return f"{item.area_desc}の{hazard(item.hazard).name.ja}（ランク{item.rank}）を{_CHANGES[item.change]}"


def _ceiling(facts: Facts) -> Iterator[str]:
    for limit in facts.reached:
        kind = "どの知らせも" if limit == HARD_LIMIT else "急がない知らせは"
        minutes = limit.span // timedelta(minutes=1)
        yield f"上限：この端末には、この{minutes}分に{limit.messages}通を送った。{kind}見合わせていて、空きができたらすぐ送る。"


def _deliveries(facts: Facts) -> Iterator[str]:
    for order in facts.orders:
        receipt = facts.receipts.get(order.id)
        yield f"配信 {order.id}：{_delivery(facts, order, receipt)}。"


def _delivery(facts: Facts, order: Order, receipt: Receipt | None) -> str:
    if receipt is None:
        return "まだ始まっていない"
    outcome = outcome_of(facts.device, order, receipt)
    return f"{_time(receipt.reported_at)} {'送信の途中' if outcome is None else _OUTCOMES[outcome]}"


def outcome_of(device: str, order: Order, receipt: Receipt) -> Outcome | None:
    """What became of a device's message; None while it is under way."""
    outcome = next((one.outcome for one in receipt.others if one.device == device), None)
    if outcome is None and (device in receipt.waiting or device in order.devices[receipt.progress :]):
        return None
    return outcome or Outcome.ACCEPTED


def _ledger(facts: Facts) -> Iterator[str]:
    for pair in sorted(facts.told):
        ranks = ranks_told(facts, pair)
        if ranks:
            notice = facts.told[pair][max(ranks)].notice
            run = "" if notice.drill is None else f"（訓練 {run_named(notice.drill)}）"
            where = notice.items[0].area_desc
            yield f"台帳{run}：{where}の{_hazard_name(pair)}をランク{max(ranks)}まで知らせてあり、終わりもこの端末に知らせる。"


def ranks_told(facts: Facts, pair: Pair) -> tuple[int, ...]:
    """Up to which ranks the device was told of something that is not over; empty where it was not."""
    number = facts.number
    return tuple(rank for rank, level in facts.told[pair].items() if number is not None and number in level.devices)


def _hazard_name(pair: Pair) -> str:
    return hazard(pair.hazard).name.ja
