"""The channel that reaches nobody: the canary's, which shows that the way up to the channel is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.subscription import Channel
from services.gateway.core.sending import Attempt, Sending, Verdict


@dataclass(slots=True)
class DryRun:
    """Accepts everything and sends nothing. `sent` counts."""

    kind: Channel = Channel.DRY_RUN
    parallel: int = 100
    sent: int = 0

    async def send(self, batch: Sequence[Sending]) -> Sequence[Attempt]:
        """Accept."""
        self.sent += len(batch)
        return [Attempt(verdict=Verdict.ACCEPTED) for _ in batch]

    async def close(self) -> None:
        """Nothing is held."""
