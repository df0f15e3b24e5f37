"""Officers' passwords: argon2id, off the event loop, a few at a time, equally long whether or not the name exists."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.gateway.core.access import TooBusy

AT_ONCE_MAX = 2
"""Checks at the same time: each takes 64 MiB and a core for a moment."""
WAITING_MAX = 20
"""Log-ins that may wait for a check; further ones are asked to try again (a few seconds' work stands in line)."""


@dataclass(slots=True)
class Passwords:
    """Makes and checks hashes. The default parameters are argon2-cffi's: RFC 9106's for low memory, 64 MiB."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE_MAX))
    _waiting: int = 0
    _nobody: str = ""

    async def hash(self, password: str) -> str:
        """The encoded hash of a new password."""
        return await asyncio.to_thread(self.hasher.hash, password)

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether it is the password. `encoded` None: there is nobody of that name, which takes as long to find out."""
        if self._waiting >= WAITING_MAX:
            raise TooBusy
        self._waiting += 1
        try:
            async with self._free:
                if not self._nobody:
                    self._nobody = await self.hash("nobody has this password")
                fits = await asyncio.to_thread(self._fits, encoded or self._nobody, password)
        finally:
            self._waiting -= 1
        return fits and encoded is not None

    def _fits(self, encoded: str, password: str) -> bool:
        try:
            return self.hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False
