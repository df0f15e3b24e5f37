from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.alert import Info, InfoState, MsgType, Severity, Status, Surface, Urgency
from services.ingest.core.cap.message import Family, Message
from services.ingest.core.cap.places import places
from services.ingest.core.cap.reading import Reading, name_part, read_message, revision_of, root_of, stream_of
from services.ingest.core.defect import Code
from tests.telegrams import table
from tests.unit.ingest.core.cap.messages import area, info, message

WHERE = places(table())
LEVEL = "<parameter><valueName>{}</valueName><value>{}</value></parameter>"
UNKNOWN = area("どこか", "")


def _read(found: Message, url: str = "") -> Reading:
    return read_message(found, source="cap.city", url=url, where=WHERE, surfaces=(Surface.SIGN,))


def _infos(found: Message) -> tuple[Info, ...]:
    alert = _read(found).alert
    assert alert is not None
    return alert.info


class TestAnAlert:
    def test_is_what_its_message_says(self) -> None:
        reading = _read(message(info(tail=LEVEL.format("keikaiLevel", "4"))))
        assert (reading.topic, reading.ignored, reading.defects) == ("alerts.emergency", None, ())
        alert = reading.alert
        assert alert is not None
        assert (alert.source, alert.identifier, alert.sender) == ("cap", "a1", "city.example")
        assert alert.streams == ("cap:city.example:a1",)
        assert alert.revision == "20260901T110000Z.1.a1"
        assert (alert.lease, alert.drill) == ("cap.city", None)
        [one] = alert.info
        assert (one.hazard, one.level, one.rank, one.state) == ("evacuation:a1", 4, 4, InfoState.ACTIVE)
        assert [str(place.code) for place in one.area] == ["class20:1420600"]

    def test_that_states_its_end_needs_no_lease(self) -> None:
        alert = _read(message(info(tail="<expires>2026-09-02T03:00:00+09:00</expires>"))).alert
        assert alert is not None
        assert alert.lease == ""

    def test_a_drill_has_its_run_and_where_it_may_be_shown(self) -> None:
        reading = _read(message(info(), status="Exercise"), url="http://x/run-7/a.xml")
        assert reading.topic == "drills"
        assert reading.alert is not None
        assert reading.alert.streams == ("cap:city.example:a1~run-7",)
        assert reading.alert.drill is not None
        assert (reading.alert.drill.run, reading.alert.drill.surfaces) == ("run-7", (Surface.SIGN,))

    def test_its_words_are_of_its_loudest_matter(self) -> None:
        found = message(
            info(event="Fog", severity="Minor", tail="<headline>low</headline>"),
            info(event="Flood", severity="Extreme", tail="<headline>high</headline>", areas=area("b")),
        )
        reading = _read(found)
        assert (reading.event, reading.headline, reading.severity) == ("Flood", "high", Severity.EXTREME)
        assert reading.alert is not None
        assert (reading.alert.event, reading.alert.headline) == ("Flood", "high")

    def test_an_end_is_told_only_where_each_matter_has_one(self) -> None:
        ends = "<expires>2026-09-0{}T03:00:00+09:00</expires>"
        both = message(info(event="Fog", tail=ends.format(2)), info(event="Flood", tail=ends.format(3)))
        expires = _read(both).expires
        assert expires is not None
        assert expires.day == 3
        assert _read(message(info(tail=ends.format(2)), info(event="Flood"))).expires is None


class TestLanguages:
    def test_the_same_in_two_languages_is_one_matter(self) -> None:
        found = message(
            info(language="en-US", event="Evacuation", tail="<instruction>Leave</instruction>"),
            info(tail="<instruction>逃げて</instruction>"),
        )
        [one] = _infos(found)
        assert (one.language, one.event, one.instruction, one.instruction_en) == ("ja", "避難指示", "逃げて", "Leave")
        assert len(_read(found).rows) == 1

    def test_without_japanese_the_first_counts(self) -> None:
        [one] = _infos(message(info(language="fr-CA", event="orages"), info(language="en-CA", event="thunderstorm")))
        assert (one.language, one.event, one.hazard) == ("fr", "orages", "thunder")

    def test_two_matters_in_two_languages_are_two(self) -> None:
        found = message(
            info(event="洪水"),
            info(event="津波"),
            info(language="en", event="Flood"),
            info(language="", event="Tsunami"),
        )
        assert [one.hazard.partition(":")[0] for one in _infos(found)] == ["flood", "tsunami"]

    def test_one_without_areas_is_left_out_beside_one_with(self) -> None:
        assert len(_infos(message(info(), info(event="Flood", areas="")))) == 1


class TestLevel:
    @pytest.mark.parametrize("name", ["keikaiLevel", "keikai_level", "警戒レベル"])
    def test_is_the_messages_own(self, name: str) -> None:
        [one] = _infos(message(info(severity="Minor", tail=LEVEL.format(name, "5"))))
        assert (one.level, one.rank) == (5, 5)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("awareness_level", "4; red; Extreme"), ("level", "4"), ("keikaiLevel", "0"), ("keikaiLevel", "")],
    )
    def test_is_never_guessed(self, name: str, value: str) -> None:
        [one] = _infos(message(info(event="警戒レベル4 避難指示", tail=LEVEL.format(name, value))))
        assert (one.level, one.rank) == (None, 4)

    def test_one_that_is_none_is_said(self) -> None:
        reading = _read(message(info(tail=LEVEL.format("keikaiLevel", "6"))))
        assert [one.code for one in reading.defects] == [Code.CAP_ENUM]

    @pytest.mark.parametrize(
        ("severity", "rank"), [("Extreme", 5), ("Severe", 4), ("Moderate", 3), ("Minor", 2), ("Unknown", 2)]
    )
    def test_without_one_severity_says_how_loudly(self, severity: str, rank: int) -> None:
        [one] = _infos(message(info(severity=severity)))
        assert one.rank == rank


class TestOver:
    @pytest.mark.parametrize(
        ("words", "changes", "state", "urgency"),
        [
            ({"responseType": "AllClear"}, {}, InfoState.RELEASED, Urgency.PAST),
            ({"urgency": "Past"}, {"msgType": "Update"}, InfoState.RELEASED, Urgency.PAST),
            ({"urgency": "Past"}, {}, InfoState.ACTIVE, Urgency.PAST),  # the first word of a quake is news
            ({}, {"msgType": "Cancel"}, InfoState.RELEASED, Urgency.IMMEDIATE),
            ({}, {"msgType": "Update"}, InfoState.ACTIVE, Urgency.IMMEDIATE),
        ],
    )
    def test_by_what_it_says(
        self, words: dict[str, str], changes: dict[str, str], state: InfoState, urgency: Urgency
    ) -> None:
        found = message(
            info(**words, tail=LEVEL.format("keikaiLevel", "4")), tail="<references>s,a,2026</references>", **changes
        )
        [one] = _infos(found)
        assert (one.state, one.urgency) == (state, urgency)
        assert (one.level, one.rank) == ((4, 4) if state is InfoState.ACTIVE else (None, None))

    def test_an_end_is_not_lost_because_one_of_its_areas_is(self) -> None:
        reading = _read(message(info(responseType="AllClear", areas=area() + UNKNOWN)))
        assert reading.ignored is None
        assert Code.CAP_UNKNOWN_AREA in {one.code for one in reading.defects}

    def test_a_cancel_needs_no_info(self) -> None:
        found = message(msgType="Cancel", tail="<references>s,a,2026-09-01T10:00:00Z</references>")
        reading = _read(found)
        assert (reading.ignored, reading.stream, reading.rows) == (None, "cap:s:a", ())
        assert reading.alert is not None
        assert (reading.alert.event, reading.alert.headline, reading.severity) == ("", "", None)


class TestRefused:
    @pytest.mark.parametrize(
        ("found", "code"),
        [
            (message(info(areas=UNKNOWN)), Code.CAP_UNKNOWN_AREA),
            (message(info(areas=area() + UNKNOWN)), Code.CAP_UNKNOWN_AREA),
            (
                message(info(areas=area("x", "<geocode><valueName>n</valueName><value>v</value></geocode>"))),
                Code.CAP_UNKNOWN_AREA,
            ),
            (message(info(areas="")), Code.CAP_NO_AREA),
            (message(), Code.CAP_NO_AREA),
            (message(info(), identifier=""), Code.CAP_IDENTITY),
            (message(info(), sender=""), Code.CAP_IDENTITY),
            (message(info(), sent="soon"), Code.CAP_IDENTITY),
            (message(info(), status="Real"), Code.CAP_STATUS),
            (message(info(), msgType=""), Code.CAP_STATUS),
        ],
    )
    def test_whole_and_all_its_areas_are_named(self, found: Message, code: Code) -> None:
        reading = _read(found)
        assert (reading.ignored, reading.topic, reading.alert) == ("refused", None, None)
        assert code in {one.code for one in reading.defects}
        assert len(reading.rows) == sum(len(block.areas) for block in found.blocks)

    def test_without_a_time_there_is_no_revision_and_without_a_name_no_stream(self) -> None:
        assert _read(message(info(), sent="")).revision is None
        assert _read(message(info(), identifier="")).stream is None
        assert _read(message(info(), identifier="")).rows[0].hazard == "evacuation"


class TestIgnored:
    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"status": "Test"}, "test"),
            ({"status": "System"}, "system"),
            ({"status": "Draft"}, "draft"),
            ({"scope": "Private"}, "not public"),
            ({"scope": ""}, "not public"),
            ({"msgType": "Ack"}, "acknowledgement"),
            ({"msgType": "Error"}, "error notice"),
            ({"msgType": "Cancel"}, "names nothing to cancel"),
        ],
    )
    def test_what_is_not_for_people_here(self, changes: dict[str, str], why: str) -> None:
        reading = _read(message(info(areas=area() + UNKNOWN), **changes))
        assert (reading.ignored, reading.topic, len(reading.rows)) == (why, None, 2)

    def test_a_scope_that_is_missing_is_not_made_public(self) -> None:
        alert = _read(message(info(), scope="")).alert
        assert alert is not None
        assert alert.scope == "Private"


class TestNames:
    def test_a_chain_begins_with_the_oldest_message_that_is_named(self) -> None:
        found = message(
            info(),
            tail="<references>s,b,2026-09-01T10:00:00Z s,a,2026-09-01T09:00:00Z s,c,when</references>",
            msgType="Update",
        )
        assert root_of(found) == ("s", "a")
        assert _infos(found)[0].hazard == "evacuation:a"

    def test_what_cannot_stand_in_a_name_gives_way_to_a_hash(self) -> None:
        assert name_part("a-1.b") == "a-1.b"
        assert name_part("a@b").startswith("a_b-")
        assert name_part("x" * 61) != name_part("x" * 62)
        assert len(name_part("é " * 100)) <= 73
        assert name_part("\ud800").startswith("_-")
        assert stream_of(Family.CAP, ("s", "i")) == "cap:s:i"
        assert stream_of(Family.LALERT, ("s", "i")) == "lalert:i"

    def test_revisions_rise_with_time_then_with_what_they_do(self) -> None:
        found = message(info())
        later = message(info(), sent="2026-09-01T20:00:01+09:00")
        assert revision_of(found) < revision_of(replace(found, msg_type=MsgType.UPDATE)) < revision_of(later)
        assert revision_of(replace(found, msg_type=None)) == revision_of(found)


class TestLAlert:
    FOUND = replace(message(info()), family=Family.LALERT, type="EvacuationOrder", document="doc-1", number=3)

    def test_its_series_has_a_name_of_its_own(self) -> None:
        reading = _read(self.FOUND)
        assert (reading.stream, reading.revision) == ("lalert:doc-1", "000003.1")

    def test_without_it_it_is_refused(self) -> None:
        assert _read(replace(self.FOUND, document="")).ignored == "refused"
        assert _read(replace(self.FOUND, number=0)).ignored == "refused"

    def test_what_it_names_outside_of_its_body_is_named_too(self) -> None:
        outside = replace(self.FOUND, areas=self.FOUND.blocks[0].areas)
        assert len(_read(outside).rows) == 1
        empty = replace(outside, blocks=())
        assert (_read(empty).ignored, _read(empty).rows[0].hazard) == ("refused", "evacuation:doc-1")
        other = replace(empty, type="Event", is_unread=True, title="お知らせ")
        assert (_read(other).ignored, _read(other).rows[0].hazard) == ("type not read", "notice")
        assert _read(other).event == "お知らせ"
        assert _read(replace(other, status=Status.TEST)).ignored == "test"
