from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core import novelty
from services.ingest.core.feed import Entry
from services.ingest.core.novelty import (
    QUEUE_MAX,
    TRIES_MAX,
    Wanted,
    address,
    in_order,
    is_urgent,
    is_wanted,
    sift,
    tried,
)
from services.ingest.core.polling import Source
from tests.factories import at

BASE = "https://feeds.example"
DATA = f"{BASE}/developer/xml/data/"
OFFICES = frozenset({"140000"})
SOURCE = Source(
    id="jma.extra",
    base=BASE,
    feed="/developer/xml/feed/extra.xml",
    long_feed=None,
    interval_s=60,
    age_limit_s=3600,
    lease_s=3600,
    types=frozenset({"VPWW55", "VPWW61", "VXKO"}),
)


def entry(link: str, minutes: float = 0, *, id: str = "") -> Entry:  # noqa: A002 - the feed's word
    return Entry(id=id or link, link=link, title="", updated_at=at(minutes), author="", content="")


WARNING = entry(f"{DATA}20260901110000_0_VPWW55_140000.xml")


class TestTheAddress:
    @pytest.mark.parametrize(
        ("link", "found"),
        [
            (f"{BASE}/a/b.xml", f"{BASE}/a/b.xml"),
            (f" {BASE}:443/a.xml?x=1#y ", f"{BASE}/a.xml?x=1"),
            ("http://feeds.example/a.xml", f"{BASE}/a.xml"),
            ("https://FEEDS.example/a.xml", f"{BASE}/a.xml"),
        ],
    )
    def test_is_on_the_feed_s_own_host(self, link: str, found: str) -> None:
        assert address(BASE, link) == found

    @pytest.mark.parametrize(
        "link",
        [
            "https://feeds.example.evil.example/a.xml",
            "https://evil.example/a.xml",
            "https://feeds.example:8443/a.xml",
            "https://feeds.example@evil.example/a.xml",
            "https://user@feeds.example/a.xml",
            "file:///etc/passwd",
            "ftp://feeds.example/a.xml",
            "gopher://feeds.example/a.xml",
            "//feeds.example/a.xml",
            "/a.xml",
            "https://feeds.example",
            "https://feeds.example:port/a.xml",
            "https://[feeds.example/a.xml",
            "http://169.254.169.254/latest/meta-data/",
            "javascript:alert(1)",
            "",
        ],
    )
    def test_is_none_on_any_other(self, link: str) -> None:
        assert address(BASE, link) is None

    def test_a_port_of_ours_is_kept(self) -> None:
        assert address("http://127.0.0.1:8000", "http://127.0.0.1:8000/a") == "http://127.0.0.1:8000/a"
        assert address("http://127.0.0.1:8000", "http://127.0.0.1/a") is None

    def test_a_folder_of_the_base_is_not_put_before_the_link_s_path(self) -> None:
        assert address(f"{BASE}/mirror", f"{BASE}/mirror/a.xml") == f"{BASE}/mirror/a.xml"

    @given(st.text())
    def test_never_leaves_the_host_whatever_the_link_says(self, link: str) -> None:
        found = address(BASE, link)
        assert found is None or found.startswith(f"{BASE}/")


class TestWhatIsWanted:
    @pytest.mark.parametrize(
        "name",
        [
            "20260901110000_0_VPWW55_140000.xml",
            "20260901110000_0_VXKO70_050000.xml",
            "VPWW55.xml",
            "20260901110000_0_VPXX99_130000.xml",
            "something.xml",
            "",
        ],
    )
    def test_our_offices_types_of_anywhere_and_whatever_cannot_be_told(self, name: str) -> None:
        assert is_wanted(SOURCE, OFFICES, name)

    @pytest.mark.parametrize(
        "name",
        [
            "20260901110000_0_VPWW55_130000.xml",
            "20260901110000_0_VPWW54_140000.xml",
            "20260901110000_0_VXSE53_270000.xml",
        ],
    )
    def test_not_other_offices_and_not_types_that_nobody_reads(self, name: str) -> None:
        assert not is_wanted(SOURCE, OFFICES, name)

    def test_what_cannot_be_told_is_left_where_nothing_is_warned_of(self) -> None:
        assert not is_wanted(replace(SOURCE, curious=False), OFFICES, "20260901110000_0_VPXX99_130000.xml")

    def test_a_prefecture_s_own_telegrams_are_not_fetched_for_another(self) -> None:
        heat = replace(SOURCE, types=frozenset({"VPFT50"}))
        assert is_wanted(heat, OFFICES, "20260901110000_0_VPFT50_140000.xml")
        assert not is_wanted(heat, OFFICES, "20260901110000_0_VPFT50_130000.xml")

    def test_what_can_reach_rank_4_or_cannot_be_told_is_urgent(self) -> None:
        assert is_urgent("20260901110000_0_VPWW55_140000.xml")
        assert is_urgent("something.xml")
        assert not is_urgent("20260901110000_0_VPWW61_140000.xml")


class TestSifting:
    def test_a_new_entry_is_to_be_fetched(self) -> None:
        sifted = sift(SOURCE, OFFICES, [WARNING], (), {})
        assert sifted.wanted == (
            Wanted(
                entry_id=WARNING.id,
                address=WARNING.link,
                name="20260901110000_0_VPWW55_140000.xml",
                is_urgent=True,
                listed_at=at(0),
            ),
        )

    def test_what_is_known_or_waiting_or_listed_twice_is_not(self) -> None:
        (wanted,) = sift(SOURCE, OFFICES, [WARNING], (), {}).wanted
        assert sift(SOURCE, OFFICES, [WARNING], {WARNING.id}, {}).known == 1
        assert sift(SOURCE, OFFICES, [WARNING], (), {WARNING.id: wanted}).known == 1
        twice = sift(SOURCE, OFFICES, [WARNING, WARNING], (), {})
        assert (len(twice.wanted), twice.known) == (1, 1)

    def test_what_does_not_concern_us_is_counted(self) -> None:
        other = entry(f"{DATA}20260901110000_0_VPWW55_130000.xml")
        sifted = sift(SOURCE, OFFICES, [other], (), {})
        assert (sifted.wanted, sifted.unwanted) == ((), 1)

    def test_what_leads_to_another_host_is_set_apart(self) -> None:
        foreign = entry("http://127.0.0.1:22/20260901110000_0_VPWW55_140000.xml")
        assert sift(SOURCE, OFFICES, [foreign, foreign], (), {}).foreign == (foreign,)
        assert sift(SOURCE, OFFICES, [foreign], {foreign.id}, {}).foreign == ()

    def test_the_id_need_not_be_the_address(self) -> None:
        (wanted,) = sift(SOURCE, OFFICES, [replace(WARNING, id="urn:x")], (), {}).wanted
        assert (wanted.entry_id, wanted.address) == ("urn:x", WARNING.link)

    def test_what_has_no_room_is_left_for_later(self) -> None:
        (wanted,) = sift(SOURCE, OFFICES, [WARNING], (), {}).wanted
        full = {f"{number}": wanted for number in range(QUEUE_MAX)}
        sifted = sift(SOURCE, OFFICES, [WARNING], (), full)
        assert (sifted.wanted, sifted.left_over) == ((), 1)


class TestTheOrder:
    def test_is_urgent_first_then_untried_then_newest(self) -> None:
        old, new = entry(f"{DATA}1_VPWW55_140000.xml", 0), entry(f"{DATA}2_VPWW55_140000.xml", 5)
        quiet = entry(f"{DATA}3_VPWW61_140000.xml", 9)
        failed = entry(f"{DATA}4_VPWW55_140000.xml", 9)
        wanted = {one.entry_id: one for one in sift(SOURCE, OFFICES, [quiet, old, new, failed], (), {}).wanted}
        again = tried(wanted[failed.id])
        assert again is not None
        wanted[failed.id] = again
        assert [one.entry_id for one in in_order(wanted.values())] == [new.id, old.id, failed.id, quiet.id]


def test_a_telegram_is_given_up_after_its_tries() -> None:
    (wanted,) = sift(SOURCE, OFFICES, [WARNING], (), {}).wanted
    tries = 0
    again: Wanted | None = wanted
    while again is not None:
        again = tried(again)
        tries += 1
    assert tries == TRIES_MAX


def test_damage_is_looked_past_before_a_telegram_is_given_up() -> None:
    assert novelty.DAMAGED_TRIES_MAX < TRIES_MAX
