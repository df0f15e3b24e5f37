from __future__ import annotations

from schemas.status import Condition, StatusReport
from services.gateway.core.mirror import Mirror
from services.gateway.core.view import View
from tests.factories import at


def test_a_gateway_that_has_just_begun_knows_nothing_and_says_so() -> None:
    view = View(now=at(0), started_at=at(0))
    assert (view.mirror, view.loaded, view.as_of, view.leases()) == (Mirror(), False, None, {})


def test_leases_are_counted_from_its_own_start() -> None:
    lease = StatusReport(
        subject="lease:jma.extra", condition=Condition.OK, since=at(-500), reported_at=at(-500), until=at(-320)
    )
    view = View(now=at(0), started_at=at(0), reports={lease.subject: lease})
    assert view.leases() == {"jma.extra": at(3)}
