"""FCM through firebase-admin, on a thread of its own: 2 to 4 ms of CPU a message never hold up the event loop.

Of the SDK's two ways we take `send_each_async`, because its failures are clean: it sends a message again only after a 500
or 503 (four times in seven seconds), where the other one also repeats a POST whose answer was lost, and sits out a 429
inside the call. Each message is a call of its own, so that one slow answer holds up no other one's.

The SDK renews its access token inside its event loop, blocking; here the token is renewed beside it, before it is due.

    E5401  no push channel            E5403  FCM refuses our credentials
    E5402  FCM refuses our message    E5404  FCM does not answer
    E5405  the credentials' file cannot be used
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import os
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, ClassVar

import firebase_admin
from firebase_admin import credentials, exceptions, messaging
from google.auth import credentials as google_credentials
from google.auth import exceptions as google_exceptions
from google.auth.transport.requests import Request

from schemas.subscription import Channel
from services.gateway.core.push import MALFORMED
from services.gateway.core.sending import Attempt, Push, Sending, Verdict
from services.runtime import logs
from services.runtime.errors import HanshoError

REQUEST_TIMEOUT_S = 10
"""How long one request may take; the SDK's own default is two minutes."""
MESSAGE_TIMEOUT_S = 20.0
"""How long one message may take with the SDK's repeats: an order is looked at again after that."""
PARALLEL = 100
"""Requests that one HTTP/2 connection of the SDK carries at a time."""
RENEW_BEFORE = timedelta(minutes=5)
RENEW_TIMEOUT_S = 15.0
QUOTA_PAUSE_S = 60.0
"""How long a 429 pauses the channel when it does not say."""
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 2.0

_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_ADDRESS_FIELDS = frozenset({"message.token", "message.fid"})
_numbers = itertools.count(1)
_log = logs.get("gateway")


class CredentialsUnusable(HanshoError):
    """The file with FCM's credentials cannot be used."""

    code: ClassVar[str] = "E5405"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who we are for FCM. `pointing` is around the SDK's making of its client (the stand-in's address is set there)."""

    project: str
    credential: google_credentials.Credentials
    parallel: int = PARALLEL
    pointing: Callable[[], AbstractContextManager[None]] = nullcontext


def account_from(path: Path) -> Account:
    """The service account in a file that only its owner can read. Raises `CredentialsUnusable`."""
    try:
        status = path.stat()
        shared = status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid != os.geteuid()
        certificate = None if shared else credentials.Certificate(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, AttributeError) as error:
        # the error's text may quote the file; its kind is enough
        hint = "give the JSON file of a service account, as the Firebase console makes it"
        raise CredentialsUnusable(f"{path} holds no credentials for FCM ({type(error).__name__}): {hint}") from None
    if certificate is None:
        raise CredentialsUnusable(f"{path} must be our own file that nobody else can read: chmod 600 {path}")
    return Account(project=certificate.project_id, credential=certificate.get_credential())


class _Token(google_credentials.Credentials):
    """What the SDK sees: the token as it is. It never renews anything where the SDK's event loop would stand still."""

    def __init__(self, inner: google_credentials.Credentials) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth types but a part of itself
        self.inner = inner

    @property
    def valid(self) -> bool:
        return True

    def refresh(self, request: object) -> None:
        """Do nothing: a 401 comes back to us, and holds the channel."""

    def before_request(self, request: object, method: str, url: str, headers: dict[str, str]) -> None:  # noqa: ARG002
        """Add the token."""
        headers["authorization"] = f"Bearer {self.inner.token}"


class _Credential(credentials.Base):  # type: ignore[misc]  # firebase-admin ships no types
    def __init__(self, token: _Token) -> None:
        super().__init__()
        self._token = token

    def get_credential(self) -> _Token:
        return self._token


@dataclass(slots=True)
class Fcm:
    """The channel. Open it with `start`; every call into the SDK is made by its own thread."""

    account: Account
    message_timeout_s: float = MESSAGE_TIMEOUT_S
    kind: Channel = Channel.FCM
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    """The thread's own."""
    _app: firebase_admin.App = field(init=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _thread: threading.Thread = field(init=False)
    _stale: bool = False
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def parallel(self) -> int:
        """How many messages may be under way at a time."""
        return self.account.parallel

    async def start(self) -> Fcm:
        """Begin the thread and make the SDK's client."""
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        outside = asyncio.get_running_loop()

        def tell(error: BaseException | None) -> None:
            if not started.done():
                if error is None:
                    started.set_result(None)
                else:
                    started.set_exception(error)

        def report(error: BaseException | None) -> None:
            with suppress(RuntimeError):  # whoever waited is gone
                outside.call_soon_threadsafe(tell, error)

        self._thread = threading.Thread(target=self._main, args=(report,), name="fcm", daemon=True)
        self._thread.start()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await started
        except BaseException:
            self._stop()
            raise
        return self

    async def send(self, batch: Sequence[Sending]) -> Sequence[Attempt]:
        """Try each message once."""
        if not batch:
            return []
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._send(batch), self._loop))

    async def close(self) -> None:
        """Give up what is under way and end the thread."""
        self._stop()
        await asyncio.to_thread(self._thread.join, STOP_TIMEOUT_S)

    def _stop(self) -> None:
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._stopping.set)

    # --- in the thread ---

    def _main(self, report: Callable[[BaseException | None], None]) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._live(report))
        except BaseException as error:  # noqa: BLE001 - whoever starts the channel must hear of it
            report(error)
        finally:
            with suppress(ValueError, AttributeError):
                firebase_admin.delete_app(self._app)

    async def _live(self, report: Callable[[BaseException | None], None]) -> None:
        self._app = firebase_admin.initialize_app(
            _Credential(_Token(self.account.credential)),
            {"projectId": self.account.project, "httpTimeout": REQUEST_TIMEOUT_S},
            name=f"hansho-{next(_numbers)}",
        )
        with self.account.pointing():
            # nothing is sent: this makes the SDK's client, which remembers where it sends to
            await messaging.send_each_async([], app=self._app)
        report(None)
        await self._stopping.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        service = messaging._get_messaging_service(self._app)  # noqa: SLF001 - its own `close` wants another event loop
        await service._async_client.aclose()  # noqa: SLF001

    async def _send(self, batch: Sequence[Sending]) -> list[Attempt]:
        refused = await self._renew()
        if refused is not None:
            return [refused] * len(batch)
        templates: dict[int, messaging.Message] = {}
        return list(await asyncio.gather(*(self._one(sending, templates) for sending in batch)))

    async def _one(self, sending: Sending, templates: dict[int, messaging.Message]) -> Attempt:
        try:
            template = templates.get(id(sending.push))
            if template is None:
                template = templates[id(sending.push)] = message(sending.push)
            addressed = copy.copy(template)
            addressed.token = sending.address
            async with asyncio.timeout(self.message_timeout_s):
                (response,) = (await messaging.send_each_async([addressed], app=self._app)).responses
        except TimeoutError:
            return Attempt(verdict=Verdict.RETRY, code="TIMEOUT")
        except ValueError as error:  # the SDK's own check of the message
            _log.error("fcm.message.invalid", error=str(error))
            return Attempt(verdict=Verdict.REFUSED, code="INVALID_MESSAGE")
        except exceptions.FirebaseError as error:
            return classified(error)
        if response.success:
            return Attempt(verdict=Verdict.ACCEPTED, message_id=str(response.message_id or ""))
        attempt = classified(response.exception)
        self._stale = self._stale or attempt.verdict is Verdict.HOLD
        return attempt

    # --- the access token ---

    async def _renew(self) -> Attempt | None:
        """Have a token that is good for a while; what stands against it where there is none."""
        async with self._renewing:
            if not self._stale and not _ends_soon(self.account.credential):
                return None
            try:
                async with asyncio.timeout(RENEW_TIMEOUT_S):
                    await asyncio.to_thread(self.account.credential.refresh, Request())
            except google_exceptions.RefreshError as error:
                _log.error("fcm.credentials.refused", error=type(error).__name__)
                return Attempt(verdict=Verdict.RETRY if error.retryable else Verdict.HOLD, code="NO_TOKEN")
            except (google_exceptions.TransportError, TimeoutError):
                return Attempt(verdict=Verdict.RETRY, code="TOKEN_UNREACHABLE")
            self._stale = False
            return None


def _ends_soon(credential: google_credentials.Credentials) -> bool:
    expiry: datetime | None = credential.expiry
    if not credential.token:
        return True
    # google-auth keeps UTC without saying so
    return expiry is not None and expiry.replace(tzinfo=UTC) - datetime.now(UTC) < RENEW_BEFORE


# --- the message ---


def message(push: Push) -> messaging.Message:
    """What every device of an order gets, without an address yet.

    No collapse key on what is urgent: an offline phone keeps four, and which ones is not defined. What can wait has one a
    topic, so that it never pushes an order out of the hundred that are kept.
    """
    silent, urgent = push.silent, push.urgent
    return messaging.Message(
        notification=messaging.Notification(title=push.title, body=push.body),
        data=dict(push.data),
        android=messaging.AndroidConfig(
            priority="normal" if silent else "high",
            ttl=timedelta(seconds=push.ttl_s),
            collapse_key=push.topic or None,
            direct_boot_ok=urgent,
            notification=messaging.AndroidNotification(
                channel_id="drill" if silent else "emergency" if urgent else "alerts",
                tag=push.tag,
                sound=None if silent else "default",
                priority="low" if silent else "max" if urgent else "high",
                visibility="public",
                event_timestamp=push.sent_at,
            ),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-push-type": "alert",
                "apns-priority": "5" if silent else "10",
                "apns-expiration": str(int(push.expires_at.timestamp())),
                "apns-collapse-id": push.tag,
            },
            payload=messaging.APNSPayload(
                aps=messaging.Aps(
                    sound=None if silent else "default",
                    thread_id=push.tag,
                    custom_data={
                        "interruption-level": "passive" if silent else "time-sensitive" if urgent else "active"
                    },
                )
            ),
        ),
    )


# --- what the answers mean ---


def classified(error: Exception) -> Attempt:
    """The verdict of an error of the SDK (FCM's ErrorCode page; AIP-193 for the details)."""
    response = getattr(error, "http_response", None)
    status, details = _answer(response)
    code = next((str(one.get("errorCode")) for one in details if one.get("@type") == _FCM_ERROR), "")
    retry_after_s = _retry_after_s(response)
    if isinstance(error, messaging.UnregisteredError | messaging.SenderIdMismatchError):
        return Attempt(verdict=Verdict.DEAD, code=code)
    if isinstance(error, messaging.ThirdPartyAuthError):
        # Apple refuses our certificate: other phones are reached all the same
        return Attempt(verdict=Verdict.RETRY, code="THIRD_PARTY_AUTH_ERROR", retry_after_s=QUOTA_PAUSE_S)
    if status == 400:
        return _bad(details, code)
    if status in {401, 403, 404}:
        return Attempt(verdict=Verdict.HOLD, code=code or f"HTTP_{status}")
    if status == 429 or isinstance(error, messaging.QuotaExceededError):
        pause_s = QUOTA_PAUSE_S if retry_after_s is None else retry_after_s
        return Attempt(verdict=Verdict.RETRY, code=code or "HTTP_429", retry_after_s=pause_s, pauses_all=True)
    word = code or (f"HTTP_{status}" if status else type(error).__name__)
    return Attempt(verdict=Verdict.RETRY, code=word, retry_after_s=retry_after_s)


def _bad(details: Sequence[Mapping[str, Any]], code: str) -> Attempt:
    """400 means two things: our message is wrong for everybody, or this address never was one."""
    fields = [
        str(violation.get("field", ""))
        for one in details
        if one.get("@type") == _BAD_REQUEST
        for violation in one.get("fieldViolations", [])
    ]
    about_address = code == MALFORMED and set(fields) <= _ADDRESS_FIELDS
    return Attempt(verdict=Verdict.DEAD if about_address else Verdict.REFUSED, code=code or "BAD_REQUEST")


def _answer(response: Any) -> tuple[int, list[Mapping[str, Any]]]:
    """Status and details of the answer; (0, []) where there was none."""
    if response is None:
        return 0, []
    try:
        details = response.json()["error"]["details"]
    except (ValueError, KeyError, TypeError):
        details = []
    return int(response.status_code), [one for one in details if isinstance(one, dict)]


def _retry_after_s(response: Any) -> float | None:
    """The header Retry-After in seconds (RFC 9110 §10.2.3); None where there is none to read."""
    value = "" if response is None else str(response.headers.get("Retry-After", ""))
    if value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.astimezone(UTC) - datetime.now(UTC)).total_seconds())
