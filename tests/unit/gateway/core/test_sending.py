from __future__ import annotations

from datetime import UTC, datetime

from services.gateway.core.sending import Attempt, Push, Sending, Verdict

AT = datetime(2026, 9, 1, tzinfo=UTC)


def test_what_every_device_gets_is_one_value() -> None:
    push = Push(title="a", body="b", tag="t", ttl_s=60, sent_at=AT, expires_at=AT)
    first, second = (Sending(device=device, address=f"token-{device}", push=push) for device in "ab")
    assert first.push is second.push
    assert (push.urgent, push.silent, push.topic, dict(push.data)) == (False, False, "", {})


def test_an_attempt_says_no_more_than_its_verdict_unless_the_channel_did() -> None:
    assert Attempt(verdict=Verdict.ACCEPTED) == Attempt(
        verdict=Verdict.ACCEPTED, code="", retry_after_s=None, pauses_all=False, message_id=""
    )
