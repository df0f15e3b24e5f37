"""What FCM takes and what it answers otherwise, as far as its reference says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.phones.core import wire
from services.phones.core.wire import Answer, Received, read
from tests.unit.phones.core.messages import AUTHORIZATION, request


def refused(body: bytes, authorization: str = AUTHORIZATION) -> dict[str, Any]:
    answer = read(body, authorization)
    assert isinstance(answer, Answer)
    error: dict[str, Any] = json.loads(answer.body)["error"]
    assert error["code"] == answer.status
    return error


def taken(body: bytes) -> Received:
    received = read(body, AUTHORIZATION)
    assert isinstance(received, Received)
    return received


def test_a_message_is_taken_with_what_a_phone_makes_of_it() -> None:
    received = taken(request())
    assert received.address == "demo-odawara-ja"
    assert received.title.startswith("警戒レベル４相当")
    assert (received.tag, received.silent, received.urgent, received.ttl_s) == ("hansho-1", False, True, 3600)
    assert received.data["alert"] == "a1"
    assert not received.validate_only


def test_a_message_without_a_sound_is_silent_and_one_without_an_end_lives_four_weeks() -> None:
    received = taken(request(android={"priority": "NORMAL", "notification": {"tag": "t"}}))
    assert (received.silent, received.urgent, received.ttl_s) == (True, False, wire.TTL_MAX_S)


def test_the_newer_kind_of_address_is_taken_too() -> None:
    assert taken(request(token=None, fid="fid-1")).address == "fid-1"


def test_a_bare_message_is_taken() -> None:
    bare = taken(request(notification=None, data=None, android=None, apns=None))
    assert (bare.title, bare.body, bare.tag, dict(bare.data)) == ("", "", "", {})


def test_a_trial_is_told_apart() -> None:
    assert taken(request(validate_only=True)).validate_only


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b"])
def test_nobody_without_a_token_is_let_in(authorization: str) -> None:
    assert refused(request(), authorization)["status"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"{}", b'{"message": []}'])
def test_what_is_no_message_is_our_fault(body: bytes) -> None:
    error = refused(body)
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["details"][0]["@type"].endswith("google.rpc.BadRequest")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"colour": "red"}, "message.colour"),
        ({"token": None}, "message"),
        ({"fid": "fid-1"}, "message"),
        ({"token": None, "topic": "all"}, "message.topic"),
        ({"data": []}, "message.data"),
        ({"data": {"level": 4}}, "message.data"),
        ({"data": {"from": "us"}}, "message.data[from]"),
        ({"data": {"google.x": "y"}}, "message.data[google.x]"),
        ({"android": []}, "message.android"),
        ({"android": {"priority": "max"}}, "message.android.priority"),
        ({"android": {"ttl": "3600"}}, "message.android.ttl"),
        ({"android": {"ttl": "2419201s"}}, "message.android.ttl"),
        ({"apns": []}, "message.apns"),
        ({"apns": {"headers": {"apns-priority": 10}}}, "message.apns"),
        ({"apns": {"headers": {"apns-collapse-id": "x" * 65}}}, "message.apns.headers"),
        ({"apns": {"headers": {"apns-priority": "10"}}}, "message.apns.headers"),
        ({"apns": {"headers": {"apns-priority": "10"}, "payload": []}}, "message.apns.headers"),
        ({"notification": {"body": "あ" * 1400}}, "message"),
    ],
)
def test_a_message_that_is_wrong_for_everybody_is_refused_by_field(changed: dict[str, Any], field: str) -> None:
    error = refused(request(**changed))
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["details"][0]["fieldViolations"][0]["field"] == field


@pytest.mark.parametrize("token", [["a"], "no spaces", "日本", "x" * 4097])
def test_an_address_that_never_was_one_is_told_apart_from_a_wrong_message(token: Any) -> None:
    error = refused(request(token=token))
    assert error["details"] == [
        {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT"}
    ]


def test_answers_have_the_form_of_the_service() -> None:
    assert json.loads(wire.accepted("/v1/projects/p/messages:send", 7).body) == {"name": "projects/p/messages/7"}
    assert (wire.busy(9).status, dict(wire.busy(9).headers)) == (429, {"Retry-After": "9"})
    statuses = [
        one.status for one in (wire.unregistered(), wire.mismatched(), wire.malformed(), wire.down(), wire.not_found())
    ]
    assert statuses == [404, 403, 400, 503, 404]
    assert wire.PATH.fullmatch("/v1/projects/hansho-demo/messages:send")
    assert not wire.PATH.fullmatch("/v1/projects//messages:send")
