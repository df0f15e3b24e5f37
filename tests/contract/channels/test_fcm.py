"""FCM through the unmodified SDK, against the stand-in as a process: what arrives, and what each failure means."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest
from firebase_admin import exceptions, messaging

from services.gateway.channels import loopback
from services.gateway.channels.fcm import Account, CredentialsUnusable, Fcm, account_from, classified, message
from services.gateway.channels.loopback import NotLoopback
from services.gateway.core.sending import Attempt, Push, Sending, Verdict
from tests.contract.channels.standing import StandIn, stand_in
from tests.contract.channels.test_conformance import PUSH, sendings


@pytest.fixture(scope="module", name="beside")
def _beside() -> Iterator[StandIn]:
    with stand_in() as process:
        yield process


@pytest.fixture
async def fcm(beside: StandIn) -> AsyncIterator[Fcm]:
    opened = await Fcm(loopback.account(beside.url)).start()
    yield opened
    await opened.close()


async def test_a_start_that_is_given_up_just_when_it_succeeds_ends_the_thread(beside: StandIn) -> None:
    channel = Fcm(loopback.account(beside.url))
    starting = asyncio.create_task(channel.start())
    await asyncio.sleep(0)
    # the loop stands still until the thread has said that it is ready: both come in the same turn
    while not channel._stopping._waiters:
        time.sleep(0.01)  # noqa: ASYNC251 - that is the point
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await asyncio.to_thread(channel._thread.join, 5)
    assert not channel._thread.is_alive()


async def tried(channel: Fcm, address: str, push: Push = PUSH) -> Attempt:
    (attempt,) = await channel.send(sendings(address, push=push))
    return attempt


# --- what each answer means ---


@pytest.mark.parametrize(
    ("address", "verdict", "code"),
    [
        ("phone-1", Verdict.ACCEPTED, ""),
        ("dead-1", Verdict.DEAD, "UNREGISTERED"),
        ("mismatch-1", Verdict.DEAD, "SENDER_ID_MISMATCH"),
        ("malformed-1", Verdict.DEAD, "INVALID_ARGUMENT"),
        ("refuse-1", Verdict.REFUSED, "BAD_REQUEST"),
        ("locked-1", Verdict.HOLD, "HTTP_401"),
        ("cut-1", Verdict.RETRY, "UnknownError"),
    ],
)
async def test_an_answer_is_classified(fcm: Fcm, address: str, verdict: Verdict, code: str) -> None:
    attempt = await tried(fcm, address)
    assert (attempt.verdict, attempt.code) == (verdict, code)
    assert bool(attempt.message_id) == (verdict is Verdict.ACCEPTED)


async def test_too_many_at_once_pauses_the_channel_as_long_as_it_says(fcm: Fcm) -> None:
    attempt = await tried(fcm, "busy-1")
    assert attempt == Attempt(
        verdict=Verdict.RETRY, code="QUOTA_EXCEEDED", retry_after_s=1.0, pauses_all=True, message_id=""
    )


async def test_a_slow_answer_holds_up_no_other_one(fcm: Fcm, beside: StandIn) -> None:
    before = len(beside.received())
    slow = asyncio.ensure_future(fcm.send(sendings("slow-1")))
    await fcm.send(sendings("quick-1", "quick-2"))
    assert {line["address"] for line in beside.received()[before:]} == {"quick-1", "quick-2"}
    assert [one.verdict for one in await slow] == [Verdict.ACCEPTED]


async def test_what_is_not_answered_is_tried_again_later(beside: StandIn) -> None:
    channel = await Fcm(loopback.account(beside.url), message_timeout_s=0.3).start()
    try:
        assert await tried(channel, "hang-1") == Attempt(verdict=Verdict.RETRY, code="TIMEOUT")
        # the SDK itself asks again after a 503, for seven seconds: we look at the order again before that
        assert await tried(channel, "down-1") == Attempt(verdict=Verdict.RETRY, code="TIMEOUT")
    finally:
        await channel.close()


async def test_where_nobody_listens_it_is_tried_again_later() -> None:
    with stand_in() as gone:
        url = gone.url
    channel = await Fcm(loopback.account(url)).start()
    try:
        assert await tried(channel, "phone-1") == Attempt(verdict=Verdict.RETRY, code="UnavailableError")
    finally:
        await channel.close()


async def test_a_message_that_the_sdk_itself_refuses_is_ours_that_is_wrong(fcm: Fcm) -> None:
    number: Any = 4
    attempt = await tried(fcm, "phone-1", replace(PUSH, data={"level": number}))
    assert attempt == Attempt(verdict=Verdict.REFUSED, code="INVALID_MESSAGE")


async def test_a_message_that_is_too_big_is_ours_that_is_wrong(fcm: Fcm) -> None:
    attempt = await tried(fcm, "phone-1", replace(PUSH, body="あ" * 1400))
    assert attempt == Attempt(verdict=Verdict.REFUSED, code="BAD_REQUEST")


def answered(status: int, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers, request=httpx.Request("POST", "http://127.0.0.1"))


def error_of(status: int, *details: object, headers: dict[str, str] | None = None) -> exceptions.FirebaseError:
    response = answered(status, {"error": {"details": list(details)}}, headers)
    return exceptions.FirebaseError("UNKNOWN", "text", http_response=response)


FCM_ERROR = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT"}


def violation(field: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": field}]}


@pytest.mark.parametrize(
    ("error", "attempt"),
    [
        (error_of(400, FCM_ERROR), Attempt(verdict=Verdict.DEAD, code="INVALID_ARGUMENT")),
        (error_of(400, FCM_ERROR, violation("message.token")), Attempt(verdict=Verdict.DEAD, code="INVALID_ARGUMENT")),
        (
            error_of(400, FCM_ERROR, violation("message.data")),
            Attempt(verdict=Verdict.REFUSED, code="INVALID_ARGUMENT"),
        ),
        (error_of(400, violation("message.token")), Attempt(verdict=Verdict.REFUSED, code="BAD_REQUEST")),
        (error_of(400), Attempt(verdict=Verdict.REFUSED, code="BAD_REQUEST")),
        (error_of(403), Attempt(verdict=Verdict.HOLD, code="HTTP_403")),
        (error_of(404), Attempt(verdict=Verdict.HOLD, code="HTTP_404")),
        (error_of(429), Attempt(verdict=Verdict.RETRY, code="HTTP_429", retry_after_s=60.0, pauses_all=True)),
        (
            error_of(503, headers={"Retry-After": "7"}),
            Attempt(verdict=Verdict.RETRY, code="HTTP_503", retry_after_s=7.0),
        ),
        (error_of(502, headers={"Retry-After": "soon"}), Attempt(verdict=Verdict.RETRY, code="HTTP_502")),
        (
            exceptions.UnavailableError("text", http_response=answered(503, ["no object"])),
            Attempt(verdict=Verdict.RETRY, code="HTTP_503"),
        ),
        (
            messaging.ThirdPartyAuthError("text"),
            Attempt(verdict=Verdict.RETRY, code="THIRD_PARTY_AUTH_ERROR", retry_after_s=60.0),
        ),
        (exceptions.DeadlineExceededError("text"), Attempt(verdict=Verdict.RETRY, code="DeadlineExceededError")),
    ],
)
def test_an_error_of_the_sdk_means(error: Exception, attempt: Attempt) -> None:
    assert classified(error) == attempt


def test_retry_after_may_be_a_date() -> None:
    at = datetime.now(UTC) + timedelta(seconds=30)
    attempt = classified(error_of(503, headers={"Retry-After": at.strftime("%a, %d %b %Y %H:%M:%S GMT")}))
    assert attempt.retry_after_s is not None
    assert 20 < attempt.retry_after_s <= 30


# --- what arrives ---


def fields(push: Push) -> dict[str, Any]:
    made = message(push)
    made.fid = "x"
    found: dict[str, Any] = json.loads(str(made))
    return found


def test_what_is_urgent_wakes_the_phone_and_is_never_pushed_out_by_what_can_wait() -> None:
    made = fields(PUSH)
    android, apns = made["android"], made["apns"]
    assert (android["priority"], android["ttl"], android["direct_boot_ok"]) == ("high", "3600s", True)
    assert "collapse_key" not in android
    assert (android["notification"]["tag"], android["notification"]["sound"]) == ("hansho-1", "default")
    assert (android["notification"]["channel_id"], android["notification"]["visibility"]) == ("emergency", "PUBLIC")
    assert apns["headers"]["apns-priority"] == "10"
    assert apns["headers"]["apns-collapse-id"] == "hansho-1"
    assert apns["headers"]["apns-expiration"] == str(int(PUSH.expires_at.timestamp()))
    assert apns["payload"]["aps"]["interruption-level"] == "time-sensitive"
    assert made["data"] == {"alert": "a1", "revision": "r1"}


def test_a_drill_makes_no_sound_anywhere() -> None:
    made = fields(replace(PUSH, silent=True, urgent=False, topic="drill"))
    assert "sound" not in made["android"]["notification"]
    assert "sound" not in made["apns"]["payload"]["aps"]
    assert (made["android"]["priority"], made["android"]["notification"]["channel_id"]) == ("normal", "drill")
    assert made["android"]["collapse_key"] == "drill"
    assert made["apns"]["payload"]["aps"]["interruption-level"] == "passive"
    assert made["apns"]["headers"]["apns-priority"] == "5"


def test_what_can_wait_sounds_and_is_collapsed_by_topic() -> None:
    made = fields(replace(PUSH, urgent=False, topic="begun"))
    assert (made["android"]["priority"], made["android"]["collapse_key"]) == ("high", "begun")
    assert (made["android"]["notification"]["channel_id"], made["android"]["notification"]["sound"]) == (
        "alerts",
        "default",
    )
    assert made["apns"]["payload"]["aps"]["interruption-level"] == "active"


async def test_the_sdk_sends_it_to_the_stand_in_as_it_stands(fcm: Fcm, beside: StandIn) -> None:
    await tried(fcm, "arrives-1")
    line = next(line for line in beside.received() if line["address"] == "arrives-1")
    assert (line["title"], line["tag"], line["alert"], line["silent"]) == (PUSH.title, "hansho-1", "a1", False)


# --- where it goes, and who we are ---


async def test_only_the_client_made_for_the_stand_in_is_pointed_at_it(fcm: Fcm) -> None:
    assert fcm.kind == "fcm"
    assert messaging._MessagingService.FCM_URL == "https://fcm.googleapis.com/v1/projects/{0}/messages:send"


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1", "http://10.0.0.1:1", "http://example.jp", "http://localhost:1", "", "http://"]
)
def test_the_stand_in_is_on_this_machine_or_nowhere(url: str) -> None:
    with pytest.raises(NotLoopback):
        loopback.account(url)


def test_the_loopback_of_both_families_will_do() -> None:
    assert loopback.account("http://[::1]:8080").project == loopback.PROJECT


def test_credentials_are_read_from_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text("{}")
    path.chmod(0o640)
    with pytest.raises(CredentialsUnusable, match="chmod 600"):
        account_from(path)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"type": "service_account"}', '{"type": "user", "private_key": "k"}']
)
def test_a_file_without_credentials_is_refused_without_quoting_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "account.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(CredentialsUnusable, match="service account") as refused:
        account_from(path)
    assert "private_key" not in str(refused.value)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialsUnusable, match="FileNotFoundError"):
        account_from(tmp_path / "none.json")


# --- the access token ---


class TokenServer(BaseHTTPRequestHandler):
    """Google's token endpoint, as far as google-auth needs it."""

    asked: ClassVar[int] = 0
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        TokenServer.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        ok = {"access_token": f"t{TokenServer.asked}", "expires_in": 3600, "token_type": "Bearer"}
        body = json.dumps(ok if self.status == 200 else {"error": "invalid_grant"}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(name="tokens")
def _tokens() -> Iterator[str]:
    TokenServer.asked, TokenServer.status = 0, 200
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenServer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token"
        server.shutdown()


def service_account(tmp_path: Path, token_uri: str) -> Account:
    """A throw-away service account with a key of its own, read as an operator's file is."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "account.json"
    account = {
        "type": "service_account",
        "project_id": "city",
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": "push@city.iam.gserviceaccount.com",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(account))
    path.chmod(0o600)
    return account_from(path)


async def test_the_token_is_fetched_once_and_used_until_it_ends(tmp_path: Path, tokens: str, beside: StandIn) -> None:
    account = replace(service_account(tmp_path, tokens), pointing=loopback.account(beside.url).pointing)
    assert account.project == "city"
    channel = await Fcm(account).start()
    try:
        for number in range(3):
            assert (await tried(channel, f"token-{number}")).verdict is Verdict.ACCEPTED
        assert TokenServer.asked == 1
        await tried(channel, "locked-1")
        await tried(channel, "token-4")
        assert TokenServer.asked == 2
    finally:
        await channel.close()


async def test_refused_credentials_hold_the_channel(tmp_path: Path, tokens: str, beside: StandIn) -> None:
    TokenServer.status = 400
    account = replace(service_account(tmp_path, tokens), pointing=loopback.account(beside.url).pointing)
    channel = await Fcm(account).start()
    try:
        assert await tried(channel, "phone-1") == Attempt(verdict=Verdict.HOLD, code="NO_TOKEN")
    finally:
        await channel.close()


async def test_a_token_server_that_does_not_answer_is_tried_again(tmp_path: Path, beside: StandIn) -> None:
    nobody = service_account(tmp_path, "http://127.0.0.1:1/token")
    channel = await Fcm(replace(nobody, pointing=loopback.account(beside.url).pointing)).start()
    try:
        (attempt,) = await channel.send([Sending(device="d", address="a", push=PUSH)])
        assert attempt.verdict is Verdict.RETRY
    finally:
        await channel.close()
