from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from schemas.alert import Alert, InfoState, MsgType, Surface
from services.ingest.core.cap import chains
from services.ingest.core.cap.chains import Chain, Chains, snapshots
from services.ingest.core.cap.places import places
from services.ingest.core.cap.reading import read_message
from tests.telegrams import table
from tests.unit.ingest.core.cap.messages import area, info, message

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
WHERE = places(table())
FAR = area("x", "<geocode><valueName>UGC</valueName><value>CAZ001</value></geocode>")


def _alert(
    name: str,
    minute: int,
    *names: tuple[str, int],
    kind: str = "Update",
    event: str = "避難指示",
    level: str = "4",
    status: str = "Actual",
    areas: str | None = None,
    tail: str = "",
    **words: str,
) -> Alert:
    references = " ".join(f"city.example,{one},2026-09-01T19:{at:02}:00+09:00" for one, at in names)
    found = message(
        info(
            event=event,
            tail=f"{tail}<parameter><valueName>keikaiLevel</valueName><value>{level}</value></parameter>",
            areas=areas,
            **words,
        ),
        identifier=name,
        sent=f"2026-09-01T19:{minute:02}:00+09:00",
        msgType=kind if names else "Alert",
        status=status,
        tail=f"<references>{references}</references>",
    )
    alert = read_message(found, source="cap.city", url="", where=WHERE, surfaces=(Surface.SIGN,)).alert
    assert alert is not None
    return alert


A = _alert("a", 1, level="3")
B = _alert("b", 2, ("a", 1))
C = _alert("c", 3, ("b", 2), level="5")
CLEAR = _alert("z", 9, ("c", 3), kind="Cancel", responseType="AllClear")
MISTAKE = _alert("z", 9, ("c", 3), kind="Cancel")


def _chain(*alerts: Alert) -> Chain:
    known = Chains()
    found = [known.add(alert, NOW) for alert in alerts]
    return found[-1]


def _says(alert: Alert) -> list[tuple[str, int | None, str]]:
    return [(one.hazard, one.level, one.state.value) for one in alert.info]


@pytest.mark.parametrize("order", list(permutations((A, B, C))))
def test_any_order_ends_in_the_same_snapshot(order: tuple[Alert, ...]) -> None:
    whole = snapshots(_chain(*order))[0]
    assert whole == snapshots(_chain(A, B, C))[0]
    assert (whole.streams, whole.revision, whole.msg_type) == (
        ("cap:city.example:a",),
        f"{C.revision}.0003",
        MsgType.UPDATE,
    )
    assert _says(whole) == [("evacuation:a", 5, "active")]


def test_one_message_is_itself() -> None:
    [whole] = snapshots(_chain(A))
    assert (whole.msg_type, whole.revision, whole.lease) == (MsgType.ALERT, f"{A.revision}.0001", "cap.city")


def test_what_was_called_otherwise_before_is_ended_there() -> None:
    _, *ends = snapshots(_chain(C, B, A))
    assert {(one.streams, one.info, one.msg_type, one.lease) for one in ends} == {
        (("cap:city.example:b",), (), MsgType.UPDATE, "")
    }


def test_two_chains_that_meet_are_one() -> None:
    known = Chains()
    for alert in (A, B, _alert("q", 5), _alert("r", 6, ("q", 5))):
        known.add(alert, NOW)
    chain = known.add(_alert("s", 7, ("r", 6), ("b", 2)), NOW)
    assert len(chain.told) == 5
    assert known.chain_of("", "city.example", "q") is chain is known.chain_of("", "city.example", "a")
    assert [one.streams[0][-1] for one in snapshots(chain)] == ["a", "q"]
    assert known.chain_of("", "city.example", "?") is None


class TestOver:
    @pytest.mark.parametrize("order", list(permutations((A, B, C, CLEAR)))[::5])
    def test_an_all_clear_ends(self, order: tuple[Alert, ...]) -> None:
        whole = snapshots(_chain(*order))[0]
        assert whole.msg_type is MsgType.UPDATE
        assert _says(whole) == [("evacuation:a", None, "released")]

    @pytest.mark.parametrize("order", list(permutations((A, B, C, MISTAKE)))[::5])
    def test_a_cancel_takes_back_and_names_everything(self, order: tuple[Alert, ...]) -> None:
        whole = snapshots(_chain(*order))[0]
        assert whole.msg_type is MsgType.CANCEL
        assert [one.split(",")[1] for one in whole.references] == ["a", "b", "c"]

    def test_what_no_reference_can_name_is_over(self) -> None:
        """A name with a comma, which links to what is cancelled but cannot be named itself."""
        odd = replace(
            B, identifier="b,1", revision=f"{B.revision}-1", references=(f"{A.sender},a,2026-09-01T10:01:00Z",)
        )
        later = replace(MISTAKE, references=(f"{A.sender},a,2026-09-01T10:01:00Z",))
        chain = _chain(A, odd, later)
        assert snapshots(chain)[0].msg_type is MsgType.UPDATE  # the odd one still counts
        chain.told[("", A.sender, "b,1")] = replace(odd, msg_type=MsgType.CANCEL)
        assert (snapshots(chain)[0].msg_type, _says(snapshots(chain)[0])[0][2]) == (MsgType.UPDATE, "released")

    def test_a_cancel_before_what_it_cancels_waits_for_it(self) -> None:
        [whole] = snapshots(_chain(MISTAKE))
        assert (whole.msg_type, [one.split(",")[1] for one in whole.references]) == (MsgType.CANCEL, ["c"])

    def test_a_cancel_of_one_part_leaves_the_other(self) -> None:
        other = _alert(
            "d",
            4,
            ("a", 1),
            areas=area("箱根", "<geocode><valueName>class20</valueName><value>1438200</value></geocode>"),
        )
        whole = snapshots(_chain(A, B, other, _alert("e", 5, ("b", 2), kind="Cancel")))[0]
        assert whole.msg_type is MsgType.UPDATE
        assert [str(one.code) for block in whole.info for one in block.area] == ["class20:1438200"]


def test_of_two_for_one_area_the_later_is_right() -> None:
    late = _alert("d", 4, ("a", 1), level="3", tail="<expires>2026-09-02T03:00:00+09:00</expires>")
    whole = snapshots(_chain(A, B, late))[0]
    assert (_says(whole), whole.lease) == ([("evacuation:a", 3, "active")], "")


def test_an_item_stands_only_where_a_hazard_has_one() -> None:
    assert _says(snapshots(_chain(_alert("a", 1, event="Gale", level="0")))[0]) == [("wind", None, "active")]


def test_what_never_named_an_area_of_ours_says_nothing() -> None:
    assert snapshots(_chain(_alert("a", 1, areas=FAR))) == ()


def test_what_has_left_our_area_is_over_here() -> None:
    whole = snapshots(_chain(A, _alert("b", 2, ("a", 1), areas=FAR)))[0]
    assert (whole.info, whole.msg_type, whole.lease) == ((), MsgType.UPDATE, "")


def test_the_same_name_again_is_a_new_version_and_an_old_one_changes_nothing() -> None:
    new = _alert("a", 5, ("a", 1), level="5")
    assert snapshots(_chain(A, new)) == snapshots(_chain(new, A))
    assert _says(snapshots(_chain(A, new))[0]) == [("evacuation:a", 5, "active")]


def test_a_drill_is_a_chain_of_its_own() -> None:
    known = Chains()
    known.add(A, NOW)
    drill = known.add(_alert("b", 2, ("a", 1), kind="Cancel", status="Exercise"), NOW)
    assert [one.streams for one in snapshots(drill)] == [("cap:city.example:a~2026-09-01",)]
    real = known.chain_of("", "city.example", "a")
    assert real is not None
    assert snapshots(real)[0].info[0].state is InfoState.ACTIVE


def test_one_named_without_a_time_is_not_the_oldest() -> None:
    chain = Chains().link("", [("s", "b", NOW), ("s", "a", None)])
    assert chain.root == ("", "s", "b")


def test_chains_of_which_nothing_came_for_long_are_forgotten() -> None:
    known = Chains()
    known.add(A, NOW)
    known.add(B, NOW)
    known.add(_alert("q", 5), NOW + timedelta(days=5))
    assert known.forget(NOW + timedelta(days=10)) == 0
    assert known.forget(NOW + timedelta(days=11)) == 1
    assert known.chain_of("", "city.example", "a") is None
    assert known.chain_of("", "city.example", "q") is not None


def test_a_chain_without_end_loses_its_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "MEMBERS_MAX", 2)
    assert sorted(node[2] for node in _chain(A, B, C).told) == ["b", "c"]
