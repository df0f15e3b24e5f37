"""A small play in every test run, and that the oracle sees what is wrong. The full one is `python -m tests.oracle`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.notification import Decision
from services.dispatcher.core.decide import Case, decide
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import Ledger
from services.dispatcher.core.rules import Rules
from tests.oracle.play import play


@pytest.mark.parametrize("seed", [1, 2])
def test_brute_force_and_the_core_tell_everybody_the_same(seed: int) -> None:
    result = play(80, 800, seed)
    assert result.mismatches == []
    assert result.bulletins == 80
    assert set(result.changes) == {"new", "rise", "end", "cancel"}


def forgets_nothing(case: Case, index: Index, ledger: Ledger) -> Decision:
    """A ledger that is never written."""
    del ledger
    return decide(case, index, Ledger())


def takes_every_end_for_a_mistake(case: Case, index: Index, ledger: Ledger) -> Decision:
    object.__setattr__(case.subject, "mistakes", case.subject.pairs)
    return decide(case, index, ledger)


def loses_a_group(case: Case, index: Index, ledger: Ledger) -> Decision:
    decision = decide(case, index, ledger)
    object.__setattr__(decision, "groups", decision.groups[:1])
    return decision


def tells_the_whole_municipality(case: Case, index: Index, ledger: Ledger) -> Decision:
    force = {pair: replace(held, shape=None) for pair, held in case.force.items()}
    return decide(replace(case, force=force), index, ledger)


def tells_again_whatever_flaps(case: Case, index: Index, ledger: Ledger) -> Decision:
    return decide(replace(case, rules=Rules()), index, ledger)


@pytest.mark.parametrize(
    ("rule", "bulletins"),
    [
        (forgets_nothing, 40),
        (takes_every_end_for_a_mistake, 40),
        (loses_a_group, 40),
        (tells_the_whole_municipality, 40),
        (tells_again_whatever_flaps, 150),
    ],
)
def test_a_wrong_rule_is_seen(rule: Callable[[Case, Index, Ledger], Decision], bulletins: int) -> None:
    assert play(bulletins, 100, 3, rule=rule).mismatches != []
