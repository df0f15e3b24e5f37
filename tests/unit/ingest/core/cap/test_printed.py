from __future__ import annotations

from services.ingest.core.cap.documents import read_document
from services.ingest.core.cap.feeds import Listing, read_listing
from services.ingest.core.cap.places import places
from services.ingest.core.cap.printed import CapFiles, Values, none_in_it
from services.ingest.core.defect import Code, Defect
from tests.telegrams import table
from tests.unit.ingest.core.cap.messages import alert, area, info
from tests.unit.ingest.core.cap.test_lalert import _document as lalert
from tests.unit.ingest.core.cap.test_signature import _signed

WHERE = places(table())
LATER = alert(
    info(),
    identifier="a2",
    sent="2026-09-01T21:00:00+09:00",
    msgType="Update",
    tail="<references>city.example,a1,2026-09-01T20:00:00+09:00</references>",
)
LAST = alert(
    info(),
    identifier="a3",
    sent="2026-09-01T22:00:00+09:00",
    msgType="Cancel",
    tail="<references>city.example,a2,2026-09-01T21:00:00+09:00</references>",
)


def _values(files: CapFiles, body: bytes) -> list[Values]:
    found = files.of(body)
    assert not isinstance(found, Defect)
    return list(found)


def _listing(body: bytes) -> Listing:
    found = read_listing(body)
    assert isinstance(found, Listing)
    return found


def test_a_message_is_printed_with_all_its_areas() -> None:
    files = CapFiles(WHERE)
    [line] = _values(files, alert(info(areas=area("a") + area("", ""))))
    assert [(one["scheme"], one["code"], one["name"]) for one in line["areas"]] == [
        ("JISX0402", "142069", "a"),
        (None, None, None),
    ]
    assert (line["ignored"], line["identifier"], line["sent"]) == ("refused", "a1", "2026-09-01T20:00:00+09:00")
    assert (line["expires"], line["headline"], "signature" in line) == (None, None, False)
    assert line["defects"][0].keys() == {"code", "reason", "hint"}


def test_a_signature_is_printed_where_there_is_one() -> None:
    [line] = _values(CapFiles(WHERE), _signed())
    assert line["signature"] == "checked"


def test_the_stream_of_a_chain_is_known_once_all_files_are_read() -> None:
    files = CapFiles(WHERE)
    lines = [line for body in (LAST, LATER) for line in _values(files, body)]
    assert [files.joined(line)["streams"] for line in lines] == [["cap:city.example:a1"]] * 2
    assert [len(line) for line in lines] == [16, 16]


def test_a_drill_keeps_its_run() -> None:
    files = CapFiles(WHERE)
    [line] = _values(files, LATER.replace(b"Actual", b"Exercise"))
    assert files.joined(line)["streams"] == ["cap:city.example:a1~2026-09-01"]


def test_a_message_without_a_name_has_no_stream() -> None:
    files = CapFiles(WHERE)
    [line] = _values(files, alert(info(), identifier=""))
    assert (files.joined(line)["streams"], line["identifier"], line["sent"] is None) == ([], None, False)
    [line] = _values(files, alert(info(), sent=""))
    assert (line["sent"], line["revision"]) == (None, None)


def test_l_alert_has_its_own() -> None:
    files = CapFiles(WHERE)
    [line] = _values(files, lalert())
    assert files.joined(line)["streams"] == ["lalert:doc-1"]


def test_what_holds_no_message_says_why() -> None:
    assert isinstance(CapFiles(WHERE).of(b"{}"), Defect)
    found = read_document(b"{}")
    assert isinstance(found, Defect)
    assert none_in_it((found,))["defects"][0]["code"] == Code.NO_CAP
    assert none_in_it() == {"source": "cap", "type": "CAP", "defects": [], "ignored": "no alert in it"}


class TestFeeds:
    def test_an_entry_says_what_its_list_says_of_it(self) -> None:
        said = "<event>Fog</event><severity>Minor</severity><areaDesc>x</areaDesc>"
        bare = "<entry><title>s</title><link href='v'/></entry>"
        feed = f"<feed><entry><title>t</title><link href='u'/>{said}</entry>{bare}</feed>"
        first, second = CapFiles(WHERE).listed(_listing(feed.encode()))
        assert (first["event"], first["severity"], first["areas"][0]["name"], first["ignored"]) == (
            "Fog",
            "Minor",
            "x",
            "feed entry",
        )
        assert (second["event"], second["headline"], "areas" in second) == ("s", "s", False)

    def test_a_message_in_it_is_printed_as_itself(self) -> None:
        feed = b"<feed><entry><content>" + alert(info()) + b"</content></entry></feed>"
        [line] = CapFiles(WHERE).listed(_listing(feed))
        assert (line["identifier"], line["ignored"]) == ("a1", None)

    def test_one_that_cannot_be_read_says_so(self) -> None:
        [line] = CapFiles(WHERE).listed(_listing(b"<EDXLDistribution/>"))
        assert (line["ignored"], [one["code"] for one in line["defects"]]) == ("feed entry", ["E3152"])
