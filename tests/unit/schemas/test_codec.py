from __future__ import annotations

import orjson
import pytest

from schemas import codec
from schemas.codec import Undecodable
from schemas.examples import EXAMPLES
from tests.factories import EVENING, an_alert


def heads(kind: str) -> dict[str, str]:
    return {"ce_type": kind}


def test_what_is_encoded_decodes_to_itself() -> None:
    alert = an_alert(run="2026-09-01")
    assert codec.decode(codec.headers(alert, id="1", source="ingest", at=EVENING), codec.encode(alert)) == alert


def test_the_same_content_gives_the_same_bytes() -> None:
    assert codec.encode(an_alert()) == codec.encode(an_alert())


def test_headers_are_cloudevents_and_name_the_cause() -> None:
    head = codec.headers(an_alert(), id="a1", source="ingest", at=EVENING, cause="t1")
    assert head["ce_specversion"] == "1.0"
    assert head["ce_type"] == "jp.hansho.alert.v1"
    assert (head["ce_id"], head["ce_source"], head["ce_causationid"]) == ("a1", "ingest", "t1")
    assert head["ce_time"] == "2026-09-01T11:00:00+00:00"
    assert "ce_causationid" not in codec.headers(an_alert(), id="a1", source="ingest", at=EVENING)


def test_unknown_fields_are_ignored() -> None:
    value = orjson.dumps({**orjson.loads(codec.encode(EXAMPLES["epoch"])), "colour": "blue"})
    assert codec.decode(heads("jp.hansho.epoch.v1"), value) == EXAMPLES["epoch"]


@pytest.mark.parametrize("kind", ["", "jp.hansho.song.v1", "com.example.alert.v1", "jp.hansho.alert"])
def test_an_unknown_kind_is_not_ours(kind: str) -> None:
    found = codec.decode(heads(kind), b"{}")
    assert isinstance(found, Undecodable)
    assert found.code == "E1001"


def test_no_type_at_all_is_an_unknown_kind() -> None:
    found = codec.decode({}, b"{}")
    assert isinstance(found, Undecodable)
    assert "(none)" in found.reason


def test_another_major_version_is_not_guessed_at() -> None:
    found = codec.decode(heads("jp.hansho.epoch.v2"), b'{"epoch":"x"}')
    assert isinstance(found, Undecodable)
    assert found.code == "E1002"


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"epoch":7}', b"\xff\xfe"])
def test_a_value_that_does_not_fit_is_a_reason_not_an_exception(value: bytes) -> None:
    found = codec.decode(heads("jp.hansho.epoch.v1"), value)
    assert isinstance(found, Undecodable)
    assert found.code == "E1003"


def test_a_reason_names_the_place_but_never_the_value() -> None:
    found = codec.decode(heads("jp.hansho.epoch.v1"), b'{"epoch":["secret"]}')
    assert isinstance(found, Undecodable)
    assert "epoch" in found.reason
    assert "secret" not in found.reason


def test_a_value_that_contradicts_itself_is_refused() -> None:
    drill = orjson.loads(codec.encode(EXAMPLES["alert-drill"]))
    drill["status"] = "Actual"
    found = codec.decode(heads("jp.hansho.alert.v1"), orjson.dumps(drill))
    assert isinstance(found, Undecodable)
