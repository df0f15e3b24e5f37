from __future__ import annotations

import json

import pytest

from services.ingest.core.cap import feeds
from services.ingest.core.cap.documents import read_document
from services.ingest.core.cap.feeds import Listing, read_listing
from services.ingest.core.defect import Code, Defect
from tests.unit.ingest.core.cap.messages import alert, info

URL = "https://x.example/1.xml"


def _read(body: str | bytes) -> Listing:
    found = read_listing(body.encode() if isinstance(body, str) else body)
    assert isinstance(found, Listing)
    return found


def _atom(*entries: str, updated: str = "2026-09-01T20:00:00+09:00") -> str:
    inside = "".join(f"<entry>{one}</entry>" for one in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>{updated}</updated>{inside}</feed>'


class TestAtom:
    def test_an_entry_is_known_by_its_link_and_time(self) -> None:
        [one] = _read(
            _atom(f'<id>i</id><title>t</title><link href="{URL}"/><updated>2026-09-01T11:00:00Z</updated>')
        ).entries
        assert (one.id, one.link, one.title, one.embedded) == (f"{URL}#20260901T110000Z", URL, "t", None)

    @pytest.mark.parametrize(
        "links",
        [
            f'<link href="https://x.example/page"/><link type="application/cap+xml" href="{URL}"/>',
            f'<link rel="related" href="https://x.example/page"/><link href="{URL}"/>',
            f'<link href=" "/><link rel="alternate" href=" {URL} "/>',
        ],
    )
    def test_the_link_that_says_it_is_cap_comes_first(self, links: str) -> None:
        assert _read(_atom(links)).entries[0].link == URL

    def test_an_id_stands_in_for_a_link(self) -> None:
        found = _read(_atom(f"<id>{URL}</id>"))
        assert (found.entries[0].link, [one.code for one in found.defects]) == (URL, [Code.BROKEN_ENTRY])

    @pytest.mark.parametrize("entry", ["", f'<link href="{URL}{"x" * 1000}"/>'])
    def test_one_that_leads_nowhere_is_left_out(self, entry: str) -> None:
        found = _read(_atom(entry))
        assert (found.entries, [one.code for one in found.defects]) == ((), [Code.BROKEN_ENTRY])

    def test_a_message_in_it_is_taken_from_there(self) -> None:
        inside = alert(info()).decode()
        [one] = _read(_atom(f"<id>i</id><title>t</title><content>{inside}</content>")).entries
        assert one.embedded is not None
        assert (one.id[:2], one.title) == ("i#", "t")
        found = read_document(one.embedded)
        assert isinstance(found, tuple)
        assert (found[0].identifier, found[0].defects) == ("a1", ())

    def test_its_own_age(self) -> None:
        at = _read(_atom()).updated_at
        assert at is not None
        assert at.isoformat() == "2026-09-01T11:00:00+00:00"
        assert _read(_atom(updated="soon")).updated_at is None

    def test_of_too_many_the_rest_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(feeds, "ENTRIES_MAX", 1)
        found = _read(_atom(f'<link href="{URL}"/>', f'<link href="{URL}2"/>'))
        assert (len(found.entries), [one.code for one in found.defects]) == (1, [Code.TOO_MANY_ENTRIES])


class TestWhatTheListSays:
    CAP = "<identifier>a</identifier><message_type>Update</message_type><event>Fog</event><areaDesc>{}</areaDesc>{}"

    def test_entries_that_lead_to_one_message_are_one_with_the_areas_of_all(self) -> None:
        code = "<geocode><valueName>FIPS</valueName><value>{}</value></geocode>"
        link = f'<link href="{URL}"/>'
        [one] = _read(_atom(*(f"{link}{self.CAP.format(name, code.format(name))}" for name in ("x", "y")))).entries
        assert one.summary is not None
        assert [area.findtext("areaDesc") for area in one.summary.iter("area")] == ["x", "y"]
        assert one.summary.findtext("msgType") == "Update"

    @pytest.mark.parametrize("second", ["", CAP.format("y", "")])
    def test_one_that_says_nothing_adds_nothing(self, second: str) -> None:
        link = f'<link href="{URL}"/>'
        [one] = _read(_atom(link, f"{link}{second}")).entries
        assert one.summary is None
        [one] = _read(_atom(f"{link}{self.CAP.format('x', '')}", link)).entries
        assert one.summary is not None


class TestRss:
    def test_items_and_the_later_of_its_times(self) -> None:
        found = _read(
            "<rss><channel><pubDate>Tue, 01 Sep 2026 20:00:00 +0900</pubDate><lastBuildDate>Mon, 01 Jun 2026 20:00:00 +0900"
            f"</lastBuildDate><item><link>{URL}</link><pubDate>Tue, 01 Sep 2026 20:00:00 +0900</pubDate></item>"
            f'<item><link>https://x.example/page</link><enclosure type="application/cap+xml" url="{URL}2"/></item>'
            f"<item><guid>{URL}3</guid></item></channel></rss>"
        )
        assert [one.id for one in found.entries] == [f"{URL}#20260901T110000Z", f"{URL}2", f"{URL}3"]
        assert found.updated_at is not None
        assert found.updated_at.month == 9

    def test_rss_1_0_has_its_items_beside_the_channel(self) -> None:
        assert len(_read(f"<RDF><channel/><item><link>{URL}</link></item></RDF>").entries) == 1
        assert _read("<rss/>").entries == ()


class TestJson:
    def test_a_list_of_features(self) -> None:
        listed = {"updated": "2026-09-01T11:00:00Z", "features": [{"id": "f", "properties": {"id": "urn:1"}}] * 2}
        found = _read(json.dumps(listed))
        assert found.updated_at is not None
        [one] = found.entries
        assert one.id.startswith("f#")
        assert json.loads(one.embedded or b"") == listed["features"][0]
        assert _read('{"features": []}').updated_at is None

    def test_one_or_several_alone(self) -> None:
        one = {"identifier": "a", "info": []}
        assert len(_read(json.dumps(one)).entries) == 1
        assert [listed.id[:2] for listed in _read(json.dumps([one, {**one, "identifier": "b"}])).entries] == [
            "a#",
            "b#",
        ]
        assert _read(json.dumps({"identifier": "", "info": []})).entries[0].id.startswith("alert#")


def test_one_message_is_a_list_of_itself() -> None:
    first, second = _read(alert(info())).entries[0], _read(alert(info(event="x"))).entries[0]
    assert first.embedded == alert(info())
    assert (first.id[:3], first.id == second.id) == ("a1#", False)
    assert _read("<EDXLDistribution/>").entries[0].id.startswith("EDXLDistribution#")


@pytest.mark.parametrize(
    ("body", "code"), [(b"<html/>", Code.UNKNOWN_ROOT), (b"{", Code.NOT_WELL_FORMED), (b"{}", Code.NO_CAP)]
)
def test_what_is_no_list(body: bytes, code: Code) -> None:
    found = read_listing(body)
    assert isinstance(found, Defect)
    assert found.code is code
