"""Who has been told of what: the ledger and a draft of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from schemas.lifecycle import fold
from schemas.notification import Change, Item, LedgerEntry, Notice
from services.dispatcher.core.force import REAL, Pair, notice_of
from services.dispatcher.core.ledger import NOBODY, Draft, Ledger, key_of, packed, unpacked
from tests.factories import ODAWARA, ZUSHI, an_alert, at

HERE, THERE = Pair("landslide", ODAWARA), Pair("landslide", ZUSHI)
ITEM = Item(change=Change.NEW, hazard="landslide", area=ODAWARA, area_desc="小田原市", event="warning", level=3, rank=3)


def a_notice(rank: int = 3, **changes: object) -> Notice:
    item = replace(ITEM, rank=rank, level=rank, **changes)  # type: ignore[arg-type]  # names are the test's own
    return replace(notice_of(fold(None, "s", an_alert())), items=(item,))


def kept(ledger: Ledger, draft: Draft, run: str = REAL) -> list[LedgerEntry]:
    entries = list(draft.entries(run, 3))
    for entry in entries:
        ledger.put(entry)
    return entries


def ranks(ledger: Ledger, pair: Pair = HERE) -> dict[int, list[int]]:
    return {rank: list(level.devices) for rank, level in sorted(ledger.run(REAL).get(pair, {}).items())}


@given(st.sets(st.integers(0, 70_000)), st.sets(st.integers(0, 70_000)))
def test_the_same_devices_are_the_same_text_however_they_came_together(some: set[int], others: set[int]) -> None:
    made = (BitMap(some) | BitMap(others)) - BitMap(others - some)
    assert packed(made) == packed(BitMap(some))
    assert unpacked(packed(made)) == BitMap(some)


def test_what_is_told_at_a_rank_is_told_at_every_lower_one() -> None:
    ledger = Ledger()
    draft = Draft(ledger.run(REAL))
    draft.tell(HERE, 3, BitMap([1, 2]), a_notice())
    entries = kept(ledger, draft)
    assert [key_of(entry) for entry in entries] == [f"real:3:landslide:class20:1420600:{rank}" for rank in (1, 2, 3)]
    assert ranks(ledger) == {1: [1, 2], 2: [1, 2], 3: [1, 2]}
    assert (entries[0].event, entries[0].level, entries[0].area_desc) == ("warning", 3, "小田原市")


def test_a_draft_changes_nothing_by_itself_and_only_what_changed_is_an_entry() -> None:
    ledger = Ledger()
    first = Draft(ledger.run(REAL))
    first.tell(HERE, 2, BitMap([1]), a_notice(2))
    assert (ranks(ledger), first.told(HERE), first.told(THERE)) == ({}, BitMap([1]), NOBODY)
    kept(ledger, first)
    second = Draft(ledger.run(REAL))
    second.tell(THERE, 1, BitMap([4]), a_notice(1))
    second.lower(HERE, 4, a_notice(4), at(0))
    assert second.pairs() == {HERE, THERE}
    assert [entry.area for entry in second.entries(REAL, 3)] == [ZUSHI]


def test_a_louder_notice_gives_its_words_to_its_own_rank_only() -> None:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 2, BitMap([1]), a_notice(2, event="advisory"))
    draft.tell(HERE, 4, BitMap([2]), a_notice(4, event="danger"))
    kept(ledger, draft)
    words = {rank: level.notice.items[0].event for rank, level in ledger.run(REAL)[HERE].items()}
    assert words == {1: "advisory", 2: "advisory", 3: "danger", 4: "danger"}
    assert ranks(ledger) == {1: [1, 2], 2: [1, 2], 3: [2], 4: [2]}


def test_lowering_forgets_what_is_above_and_takes_the_words_of_what_is_in_force() -> None:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 4, BitMap([2]), a_notice(4, event="danger"))
    kept(ledger, draft)
    lower = Draft(ledger.run(REAL))
    lower.lower(HERE, 3, a_notice(3, event="warning"), at(0))
    entries = kept(ledger, lower)
    assert {entry.rank: entry.event for entry in entries} == {3: "warning", 4: "danger"}
    assert unpacked(entries[-1].devices) == NOBODY
    assert ranks(ledger) == {1: [2], 2: [2], 3: [2]}


def test_lowering_below_everything_that_is_left_keeps_the_rest() -> None:
    draft = Draft({})
    draft.tell(HERE, 3, BitMap([1]), a_notice())
    draft.take_out(HERE, 0, 2, BitMap([9]))
    draft.lower(THERE, 1, a_notice(1), at(0))
    draft.take_out(HERE, 0, 3, BitMap([1]))
    draft.lower(HERE, 1, a_notice(1), at(0))
    assert (draft.pairs(), draft.levels(HERE)) == (set(), {})


def test_lowering_an_entry_that_lost_the_ranks_below_it_forgets_it() -> None:
    ledger = Ledger()
    whole = Draft({})
    whole.tell(HERE, 4, BitMap([1]), a_notice(4))
    *_, top = whole.entries(REAL, 3)
    ledger.put(top)
    lower = Draft(ledger.run(REAL))
    lower.lower(HERE, 3, a_notice(3), at(0))
    kept(ledger, lower)
    assert ledger.run(REAL) == {}


def test_who_was_not_told_after_all_keeps_what_he_had_been_told_before() -> None:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 2, BitMap([1]), a_notice(2))
    draft.tell(HERE, 4, BitMap([1, 2]), a_notice(4))
    draft.take_out(HERE, 2, 4, BitMap([1]))
    draft.take_out(HERE, 0, 4, BitMap([2]))
    kept(ledger, draft)
    assert ranks(ledger) == {1: [1], 2: [1]}


def test_who_was_told_something_louder_since_stays() -> None:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 4, BitMap([1, 2]), a_notice(4))
    draft.tell(HERE, 5, BitMap([1]), a_notice(5))
    draft.take_out(HERE, 0, 4, BitMap([1, 2]))
    kept(ledger, draft)
    assert ranks(ledger) == {rank: [1] for rank in range(1, 6)}


def test_at_the_end_all_are_forgotten_but_those_whose_beginning_is_in_a_queue() -> None:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 2, BitMap([1, 2]), a_notice(2))
    kept(ledger, draft)
    over = Draft(ledger.run(REAL))
    over.keep_only(HERE, BitMap([2, 7]))
    kept(ledger, over)
    assert ranks(ledger) == {1: [2], 2: [2]}
    last = Draft(ledger.run(REAL))
    last.keep_only(HERE, NOBODY)
    entries = kept(ledger, last)
    assert (dict(ledger.runs()), len(entries)) == ({}, 2)


def test_a_decision_that_took_effect_is_known_by_its_entries() -> None:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 2, BitMap([1]), a_notice(2))
    entries = list(draft.entries(REAL, 3))
    assert not ledger.holds(entries)
    kept(ledger, draft)
    assert ledger.holds(entries)
    assert ledger.holds([replace(entries[0], area=ZUSHI, devices=packed(NOBODY))])


def test_an_entry_without_its_notice_is_none() -> None:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 1, BitMap([1]), a_notice(1))
    [entry] = draft.entries(REAL, 3)
    ledger.put(replace(entry, notice=None))
    assert ledger.run(REAL) == {}


def test_drills_have_a_ledger_of_their_own() -> None:
    ledger = Ledger()
    draft = Draft(ledger.run("drill-1"))
    draft.tell(HERE, 1, BitMap([1]), a_notice(1))
    kept(ledger, draft, "drill-1")
    assert (ledger.run(REAL), list(ledger.run("drill-1"))) == ({}, [HERE])


# --- what goes down and up again ---

GUARD = timedelta(minutes=10)


def lowered_to(ledger: Ledger, rank: int, minute: float) -> dict[int, list[int]]:
    draft = Draft(ledger.run(REAL))
    draft.lower(HERE, rank, a_notice(rank), at(minute), GUARD)
    kept(ledger, draft)
    return ranks(ledger)


def a_ledger_at_five() -> Ledger:
    ledger = Ledger()
    draft = Draft({})
    draft.tell(HERE, 5, BitMap([1]), a_notice(5))
    kept(ledger, draft)
    return ledger


ALL = {rank: [1] for rank in range(1, 6)}


def test_what_was_told_above_is_remembered_for_a_while_and_counts_again_when_it_rises() -> None:
    ledger = a_ledger_at_five()
    assert lowered_to(ledger, 3, 0) == ALL
    assert {rank for rank, level in ledger.run(REAL)[HERE].items() if level.lowered_at == at(0)} == {4, 5}
    assert lowered_to(ledger, 4, 9) == ALL
    assert {rank: level.lowered_at for rank, level in ledger.run(REAL)[HERE].items()}[4] is None
    assert ledger.run(REAL)[HERE][5].lowered_at == at(0), "it was not in force in between"


def test_it_is_forgotten_after_that() -> None:
    ledger = a_ledger_at_five()
    lowered_to(ledger, 3, 0)
    assert lowered_to(ledger, 3, 9) == ALL
    assert lowered_to(ledger, 5, 10) == {1: [1], 2: [1], 3: [1]}


def test_who_is_told_of_what_was_remembered_is_alone_in_it() -> None:
    ledger = a_ledger_at_five()
    lowered_to(ledger, 3, 0)
    draft = Draft(ledger.run(REAL))
    draft.tell(HERE, 4, BitMap([2]), a_notice(4))
    kept(ledger, draft)
    assert ranks(ledger) == {1: [1, 2], 2: [1, 2], 3: [1, 2], 4: [2], 5: [1]}
