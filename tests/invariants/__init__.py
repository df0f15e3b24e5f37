"""What must stay true, each with a test that has been seen to fail.

The list is ARCHITECTURE.md's. A test here takes the rule it checks as an argument, and beside it stands at least one
*twin*: the same check on a wrong rule. `make test` runs the checks on the real rules; `make mutants` runs the twins
and wants each to fail with the invariant's own assertion. So nothing in `services/` needs a switch, and a test that
cannot fail is found out.

To add one, write `tests/invariants/test_<what>.py`:

    def check_any_order_folds_to_the_same_situation(fold: Fold) -> None:
        @given(st.permutations(A_NIGHT))
        def check(alerts: list[Alert]) -> None:
            hold(3, reduce(fold, alerts, {}) == reduce(fold, A_NIGHT, {}), "a shuffle changed the situation")
        check()

    def test_any_order_folds_to_the_same_situation() -> None:
        check_any_order_folds_to_the_same_situation(lifecycle.fold)

    def last_arrival_wins(state: State, alert: Alert) -> State:    # a wrong rule somebody could have written
        return {**state, alert.stream: alert}

    TWINS = [Twin(3, check_any_order_folds_to_the_same_situation, last_arrival_wins)]

A rule is whatever the check needs: a function, a class, a factory, a command line for a process. A check may be async
and may ask for pytest fixtures (not async ones) by name after the rule. Chance is fixed by tests/conftest.py. When an
invariant begins to hold, give it its issue in `INVARIANTS`: from then on it must have a test and a twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """One line of the list; `since` is the issue that made it hold, None while it is still to come."""

    number: int
    name: str
    since: int | None


INVARIANTS = (
    Invariant(1, "accepted means kept", 3),
    Invariant(2, "at least once inside, visibly once outside", 3),
    Invariant(3, "revisions only rise", 3),
    Invariant(4, "told once, cleared once", 4),
    Invariant(5, "drill is not real", 3),
    Invariant(6, "nothing outlives its validity, and running out is no all-clear", 3),
    Invariant(7, "level is not guessed", 3),
    Invariant(8, "the area cannot get lost", 3),
    Invariant(9, "a bad message stops nobody", 3),
    Invariant(10, "silence is noticed", 3),
    Invariant(11, "emergency overtakes routine", 3),
    Invariant(12, "two people for a real alert", 4),
    Invariant(13, "personal data is little and erasable", 4),
)


class InvariantBroken(AssertionError):
    """An invariant does not hold; `number` says which."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(f"invariant {number}: {message}")
        self.number = number


def hold(number: int, condition: object, message: str) -> None:
    """Assert an invariant; the twin of the check must fail here and nowhere else."""
    if not condition:
        raise InvariantBroken(number, message)


@dataclass(frozen=True, slots=True)
class Twin:
    """A check of an invariant together with a wrong rule that it must see."""

    number: int
    check: Callable[..., object]
    rule: object
    name: str = ""

    def __str__(self) -> str:
        """What is wrong with the rule, in words."""
        return self.name or str(getattr(self.rule, "__name__", self.rule)).strip("_").replace("_", " ")
