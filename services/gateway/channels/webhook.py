"""Alarms leave the machine: one JSON POST each, tried a few times, classified, never in anybody's way."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from services.gateway.core.alarms import Notice
from services.gateway.core.frames import instant
from services.runtime import logs
from services.runtime.clock import Clock
from services.runtime.errors import HanshoError

TIMEOUT_S = 10.0
ATTEMPTS_MAX = 5
BACKOFF_FIRST_S = 1.0
"""First wait between attempts; doubled each time, with up to as much again by chance: about a minute in all."""

_log = logs.get("gateway")


class WebhookUnusable(HanshoError):
    """The address for alarms cannot be used."""

    code: ClassVar[str] = "E5301"


class Outcome(StrEnum):
    """What became of a notice."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """The other side will not take it, however often it is sent (4xx)."""
    FAILED = "failed"
    """It could not be reached, or failed itself, at every attempt."""


def checked(address: str) -> str:
    """The address when alarms may be sent there: https, or http on this machine. Raises `WebhookUnusable`."""
    parts = urlsplit(address)
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return address
    raise WebhookUnusable(
        f"alarm_webhook {parts.scheme}://{parts.hostname or ''}… cannot be used: name an https address, or http on this "
        "machine"
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(slots=True)
class Webhook:
    """Posts alarms to one address."""

    address: str
    clock: Clock
    city: str
    timeout_s: float = TIMEOUT_S
    backoff_s: float = BACKOFF_FIRST_S

    async def send(self, notice: Notice) -> Outcome:
        """Deliver one alarm; says what became of it."""
        body = self._body(notice)
        outcome = Outcome.FAILED
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                await self.clock.sleep(self.backoff_s * 2 ** (attempt - 1) * (1 + random.random()))  # noqa: S311 - spreads load
            outcome = await self._attempt(body)
            if outcome is not Outcome.FAILED:
                break
        if outcome is not Outcome.DELIVERED:
            _log.error(
                "alarm.undelivered", subject=notice.problem.subject, outcome=outcome, hint="look at alarm_webhook"
            )
        return outcome

    async def _attempt(self, body: dict[str, str]) -> Outcome:
        try:
            # A client of its own each time: alarms are rare, and no stale connection may lose one.
            async with httpx.AsyncClient(timeout=self.timeout_s, follow_redirects=False) as client:
                response = await client.post(self.address, json=body)
        except Exception as error:  # noqa: BLE001 - whatever the way to the operator does, the gateway serves on
            _log.warning("alarm.attempt_failed", error=repr(error))
            return Outcome.FAILED
        if response.is_success:
            return Outcome.DELIVERED
        retryable = response.is_server_error or response.status_code in {408, 425, 429}
        return Outcome.FAILED if retryable else Outcome.REFUSED

    def _body(self, notice: Notice) -> dict[str, str]:
        problem = notice.problem
        return {
            "id": f"{problem.subject}:{instant(notice.raised_at)}:{notice.turn}",
            "turn": notice.turn.value,
            "city": self.city,
            "subject": problem.subject,
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
            "raised_at": instant(notice.raised_at),
            "at": instant(notice.at),
            "text": f"[{self.city}] {notice.turn.upper()} {problem.subject}: {problem.message} ({problem.hint})",
        }
