"""What every push channel promises; one suite of conformance tests runs over all of them (tests/contract/channels).

- `send` answers for every sending, in their order, and never raises for what the other side does: each failure is
  classified by the channel itself (`services/gateway/core/sending.py`).
- It comes back in bounded time, whatever the other side does.
- It may be called again while it is under way, up to `parallel` messages in all.
- An empty batch is answered by nothing and sends nothing.
- An address is never logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.subscription import Channel
from services.gateway.core.sending import Attempt, Sending


class PushChannel(Protocol):
    """A way to people's devices."""

    @property
    def kind(self) -> Channel:
        """Which orders it takes."""
        ...

    @property
    def parallel(self) -> int:
        """How many messages may be under way at a time."""
        ...

    async def send(self, batch: Sequence[Sending]) -> Sequence[Attempt]:
        """Try each message once; what became of each, in the order given."""
        ...

    async def close(self) -> None:
        """Finish or give up what is under way and let go of connections; `send` must not be called any more."""
        ...
