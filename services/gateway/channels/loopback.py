"""The unmodified SDK, pointed at our stand-in for FCM on this machine (`hansho phones`). The one place that does so.

The SDK has no setting for where it sends to. It takes the address from a class attribute when its client is made; that
attribute is set for just that moment, so that a client of the real service in the same process is not touched. The
credential is a fixed token, which the stand-in takes and nobody else would.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from threading import Lock
from typing import ClassVar
from urllib.parse import urlsplit

from firebase_admin import messaging
from google.auth.credentials import Credentials

from services.gateway.channels.fcm import Account
from services.runtime.errors import HanshoError

PROJECT = "hansho-demo"
TOKEN = "loopback-only"  # noqa: S105 - no secret: it is worth nothing anywhere
PARALLEL = 20
"""Connections that the SDK keeps open over HTTP/1.1; more under way would open and close one each."""

_pointing = Lock()


class NotLoopback(HanshoError):
    """The stand-in's address is not on this machine."""

    code: ClassVar[str] = "E5406"


def account(base_url: str) -> Account:
    """An account at the stand-in of this base URL. Raises `NotLoopback` for any address that is not this machine's."""
    parts = urlsplit(base_url)
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise NotLoopback(
            f"the stand-in for phones must be http on this machine, not {parts.scheme}://{parts.hostname}"
        )
    base = f"http://{parts.netloc}"
    return Account(project=PROJECT, credential=_Fixed(), parallel=PARALLEL, pointing=partial(_pointed_at, base))


class _Fixed(Credentials):
    """A token that never changes: nobody is asked for it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth types but a part of itself
        self.token = TOKEN

    def refresh(self, request: object) -> None:
        """Stay the same."""


@contextmanager
def _pointed_at(base: str) -> Iterator[None]:
    service = messaging._MessagingService  # noqa: SLF001 - the SDK has no setting for it
    with _pointing:
        before = service.FCM_URL
        service.FCM_URL = base + "/v1/projects/{0}/messages:send"
        try:
            yield
        finally:
            service.FCM_URL = before


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
