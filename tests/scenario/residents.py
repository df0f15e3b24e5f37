"""The residents of a night at the devices' door: they register, change what they follow, and leave, as the app does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from schemas.hazard import HAZARDS
from tests.scenario.people import address, town
from tests.scenario.timeline import Follows

_HAZARDS = {hazard.name.ja: id_ for id_, hazard in HAZARDS.items()}


@dataclass(slots=True)
class Residents:
    """Everybody's apps. A person's first wish registers a device; it keeps its id and credential, as a phone does."""

    known: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def follow(self, client: httpx.AsyncClient, who: str, follows: Follows) -> None:
        """Register, or change."""
        wish = _wish(who, follows)
        if who not in self.known:
            made = _good(await client.post("/v1/devices", json=wish)).json()
            self.known[who] = (made["device"], made["credential"])
            return
        device, credential = self.known[who]
        _good(await client.put(f"/v1/devices/{device}", json=wish, headers=_bearer(credential)))

    async def leave(self, client: httpx.AsyncClient, who: str) -> None:
        """Unsubscribe."""
        device, credential = self.known.pop(who)
        _good(await client.delete(f"/v1/devices/{device}", headers=_bearer(credential)))


def _wish(who: str, follows: Follows) -> dict[str, Any]:
    quiet = follows.quiet and {"start": f"{follows.quiet[0]:%H:%M}", "end": f"{follows.quiet[1]:%H:%M}"}
    return {
        "places": [{"area": town(name).code, "min_rank": rank} for name, rank in follows.places],
        "hazard_min_ranks": {_HAZARDS[name]: rank for name, rank in follows.hazards},
        "language": follows.language,
        "quiet": quiet,
        "address": address(who),
        "permission": "granted",
    }


def _bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def _good(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
    return answer
