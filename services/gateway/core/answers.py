"""What an officer is answered: whether a command was taken, what it did, and in words why it did nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from schemas.office import Body, IssueAlone, Submit, Withdraw
from services.gateway.core.approval import Refusal, Why
from services.gateway.core.history import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAccepted:
    """The log refused: the command was not kept and cannot come true later."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """No answer came in time: look before doing it again. The same form pressed again is the same command."""


Given = Entry | NotAccepted | NotKnown


@dataclass(frozen=True, slots=True)
class Told:
    """A code, what happened, and what to do."""

    code: str
    said: str
    hint: str


OTHER_MEANS = "電話、防災行政無線、広報車、緊急速報メールなど、ほかの手段で伝えてください。"
"""What an officer uses while this does not take commands."""

_REFUSALS = MappingProxyType(
    {
        Why.UNKNOWN: ("その案件はありません。", "一覧から選び直してください。"),
        Why.EXISTS: ("同じ番号の案件がすでにあります。", "新しい下書きを作り直してください。"),
        Why.STALE: ("ほかの職員が先に書き換えました。", "今の内容を確かめてから、もう一度行ってください。"),
        Why.OVER: ("この案件はすでに終わっています。", "必要なら新しく下書きを作ってください。"),
        Why.NOT_NOW: (
            "今の状態ではできません。",
            "案件の状態を確かめてください。先にほかの職員が進めたのかもしれません。",
        ),
        Why.OWN_WORK: (
            "自分で作成・修正・提出したものは、自分では承認（確認）できません。",
            "もう一人の職員に承認（確認）してもらってください。",
        ),
        Why.OTHER_BYTES: ("表示していた内容と、提出されている内容が違います。", "今の内容を読み直してください。"),
        Why.VOID: ("提出から 30 分が過ぎ、承認できなくなりました。", "内容を確かめて、もう一度提出してください。"),
        Why.NO_OFFICER: ("この操作ができる職員として登録されていません。", "管理者に確かめてください。"),
        Why.DRILL: ("訓練と本番が食い違っています。何も送られていません。", "案件を開き直して確かめてください。"),
        Why.BYTES: ("送る内容が下書きと一致しません。何も送られていません。", "下書きを開いて、保存し直してください。"),
        Why.NOT_CONFIRMED: ("確認の言葉が違います。何も送られていません。", "表示されたとおりに入力してください。"),
        Why.INCOMPLETE: ("必要な項目が足りません。", "赤字の項目を直してください。"),
        Why.LATE: (
            "記録が期限に間に合いませんでした。何も行われていません。",
            "もう一度行ってください。急ぐときは" + OTHER_MEANS,
        ),
        Why.RULES: ("新しい版のプログラムで行われた操作です。", "このプログラムを更新してください。"),
    }
)


def refused(refusal: Refusal) -> Told:
    """Why a command did nothing, and what to do."""
    said, hint = _REFUSALS[refusal.why]
    return Told(refusal.why, said, hint)


def not_taken(given: NotAccepted | NotKnown) -> Told:
    """That a command was not accepted, or that it is not known whether it was."""
    if isinstance(given, NotAccepted):
        return Told("E5505", "受け付けられませんでした。記録装置が書き込めません。何も送られていません。", OTHER_MEANS)
    return Told(
        "E5506",
        "受け付けたかどうか、まだ分かりません。",
        "案件のページで状態を確かめてください。確かめるまで、同じことを新しく始めないでください。急ぐときは"
        + OTHER_MEANS,
    )


USED_FORM = Told("E5507", "この画面はすでに使われています。", "案件を開き直して、今の内容から行ってください。")


def is_same(one: Body, other: Body) -> bool:
    """Whether two commands with one id ask for the same; the bytes of an alert differ in the second of the press."""
    return _asked(one) == _asked(other)


def _asked(body: Body) -> Body:
    return replace(body, alert="") if isinstance(body, Submit | IssueAlone | Withdraw) else body
