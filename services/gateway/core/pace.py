"""How often somebody may ask: so many at once, then one in so many seconds. Bounded memory, no clock of its own.

Generic cell rate algorithm (ITU-T I.371, annex A): of each asker only one number is kept, the time by which all that was
asked would be used up.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Network, ip_address

REMEMBERED_MAX = 10_000
"""Askers remembered (about 2 MB); of more, the one that asked longest ago is forgotten and may ask as if new."""
KEY_CHARS_MAX = 64
SUBSCRIBER_BITS = 64
"""Of an IPv6 address: what a provider gives to one household."""


@dataclass(slots=True, kw_only=True)
class Pace:
    """`burst` at once, and one more every `every_s` seconds. Time is monotonic seconds: setting the clock back frees nobody."""

    burst: int
    every_s: float
    remembered_max: int = REMEMBERED_MAX
    _used_up_at: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def wait_s(self, key: str, now_s: float) -> float:
        """0 when this one may ask, which then counts; otherwise how long to wait, which costs nothing."""
        used_up_at = max(now_s, self._used_up_at.get(key, now_s))
        wait_s = used_up_at - now_s - (self.burst - 1) * self.every_s
        if wait_s > 0:
            return wait_s
        self._used_up_at[key] = used_up_at + self.every_s
        self._used_up_at.move_to_end(key)
        while len(self._used_up_at) > self.remembered_max:
            self._used_up_at.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._used_up_at)


def household(host: str) -> str:
    """Under which an asker is counted: an IPv4 address, the network of an IPv6 one, or whatever the host is called."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:KEY_CHARS_MAX]
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address), SUBSCRIBER_BITS), strict=False))
