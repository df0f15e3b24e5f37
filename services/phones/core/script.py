"""Failures by appointment: an address that begins with one of these words meets its fate, every time the same.

dead…      404 UNREGISTERED            mismatch…  403 SENDER_ID_MISMATCH     malformed…  400 about the address
refuse…    400 about our message       locked…    401                        busy…       429 with Retry-After 1
down…      503                         slow…      accepted after 3 s         hang…       no answer
cut…       accepted, then the connection is cut instead of an answer

A number behind the word (`down2-…`) means: so many times, then accepted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.phones.core import wire
from services.phones.core.wire import Answer

SLOW_S = 3.0
HANG_S = 120.0
"""Longer than anybody waits for an answer."""

_SCRIPTED = re.compile(r"(dead|mismatch|malformed|refuse|locked|busy|down|slow|hang|cut)(\d{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What happens to one message: wait, deliver or not, then this answer (None: deliver and answer as usual).

    `cut`: the connection ends where the answer should be.
    """

    answer: Answer | None = None
    wait_s: float = 0.0
    cut: bool = False


PLAIN = Scene()


def scene(address: str, tries_before: int) -> Scene:
    """What happens to a message for this address that was tried so often before."""
    found = _SCRIPTED.match(address)
    if found is None or (found[2] is not None and tries_before >= int(found[2])):
        return PLAIN
    return _SCENES[found[1]]


_SCENES = {
    "dead": Scene(answer=wire.unregistered()),
    "mismatch": Scene(answer=wire.mismatched()),
    "malformed": Scene(answer=wire.malformed()),
    "refuse": Scene(answer=wire.bad_request("message.notification", "Invalid value.")),
    "locked": Scene(answer=wire.refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")),
    "busy": Scene(answer=wire.busy(1)),
    "down": Scene(answer=wire.down()),
    "slow": Scene(wait_s=SLOW_S),
    "hang": Scene(wait_s=HANG_S),
    "cut": Scene(cut=True),
}
