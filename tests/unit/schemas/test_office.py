from __future__ import annotations

from datetime import timedelta

import pytest

from schemas import codec, office
from schemas.alert import Drill
from schemas.office import Body, OfficeCommand
from schemas.text import Text
from tests.factories import EVENING

CONTENT = office.Content(message=Text(ja="避難してください。", easy="にげて ください。", en="Evacuate."))
BODIES: tuple[Body, ...] = (
    office.Open(matter=office.Matter.ORDER, content=CONTENT),
    office.Open(matter=office.Matter.NOTICE, drill=Drill(run="i1"), content=CONTENT),
    office.Edit(version=1, purpose=office.Purpose.CHANGE, content=CONTENT),
    office.Discard(version=1),
    office.Submit(version=1, alert="{}"),
    office.Approve(sha256="0", drill=True),
    office.Return(sha256="0", reason="地区が違います"),
    office.IssueAlone(version=1, alert="{}", confirmation="避難指示"),
    office.Withdraw(alert="{}", confirmation="取り消し"),
    office.Cosign(sha256="0"),
    office.Renew(),
    office.SetOfficer(officer="officer-a", name="防災課 A", enabled=True),
)


@pytest.mark.parametrize("body", BODIES, ids=[f"{number} {body.do}" for number, body in enumerate(BODIES)])
def test_a_command_reads_back_as_what_was_asked_for(body: Body) -> None:
    command = OfficeCommand(
        id="c1", incident="i1", actor="officer-a", at=EVENING, deadline=EVENING + timedelta(seconds=15), body=body
    )
    head = codec.headers(command, id="c1", source="gateway", at=EVENING)
    assert codec.decode(head, codec.encode(command)) == command


def test_a_fingerprint_is_of_the_bytes() -> None:
    assert office.fingerprint("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert office.fingerprint("避難") != office.fingerprint("避難 ")


def test_a_drill_has_a_stream_of_its_own() -> None:
    assert office.stream_of("i1", None) == "office:i1"
    assert office.stream_of("i1", Drill(run="i1")) == "office:i1~i1"


def test_an_order_holds_under_a_lease_of_its_own() -> None:
    assert office.lease_source("i1") == "office:i1"
