from __future__ import annotations

import pytest

from schemas import office
from schemas.office import Body, Matter, OfficeCommand, Purpose
from services.gateway.core.approval import Refusal, Why
from services.gateway.core.history import FIRST_LINK, Entry, next_link, said, short
from tests.factories import at
from tests.office import REAL, A, a_content, a_drill


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (office.Open(matter=Matter.ORDER, content=a_content()), "下書きを作った"),
        (office.Open(matter=Matter.ORDER, drill=a_drill(), content=a_content()), "訓練の下書きを作った"),
        (office.Edit(version=1, purpose=Purpose.ISSUE, content=a_content()), "下書きを直した"),
        (office.Edit(version=1, purpose=Purpose.CHANGE, content=a_content()), "変更案を書いた"),
        (office.Edit(version=1, purpose=Purpose.END, content=a_content()), "解除案を書いた"),
        (office.Edit(version=1, purpose=Purpose.WITHDRAW, content=a_content()), "下書きを直した"),
        (office.Submit(version=1, alert=""), "承認を求めた"),
        (office.Approve(sha256="", drill=False), "承認した"),
        (office.Return(sha256="", reason=""), "差し戻した"),
        (office.Discard(version=1), "下書きを捨てた"),
        (office.IssueAlone(version=1, alert="", confirmation=""), "一人で発令した"),
        (office.Withdraw(alert="", confirmation=""), "誤りとして取り消した"),
        (office.Cosign(sha256=""), "事後に確認した"),
        (office.Renew(), "継続を確認した"),
        (office.SetOfficer(officer=A, name="防災課 A", enabled=True), "防災課 A を職員に加えた"),
        (office.SetOfficer(officer=A, name="防災課 A", enabled=False), "防災課 A を職員にできないようにした"),
    ],
    ids=range(16),
)
def test_everything_an_officer_does_has_words(body: Body, words: str) -> None:
    assert said(body) == words


def test_a_link_covers_everything_before_it_and_every_part_of_its_record() -> None:
    one = next_link(FIRST_LINK, key="k", id="i", value=b"v")
    others = [
        next_link("1" * 64, key="k", id="i", value=b"v"),
        next_link(FIRST_LINK, key="l", id="i", value=b"v"),
        next_link(FIRST_LINK, key="k", id="j", value=b"v"),
        next_link(FIRST_LINK, key="k", id="i", value=b"w"),
        next_link(FIRST_LINK, key="ki", id="", value=b"v"),
    ]
    assert len({one, *others}) == 6
    assert next_link(FIRST_LINK, key="k", id="i", value=b"v") == one


def test_two_officers_read_a_hash_to_each_other() -> None:
    assert short("4f2a91c3deadbeef") == "4f2a-91c3"


def test_an_entry_knows_whether_it_did_anything() -> None:
    command = OfficeCommand(id="c", incident=REAL, actor=A, at=at(0), deadline=at(1), body=office.Renew())
    done = Entry(offset=1, at=at(0), command=command, outcome=(), link="")
    assert not done.refused
    assert Entry(offset=1, at=at(0), command=command, outcome=Refusal(why=Why.STALE), link="").refused
