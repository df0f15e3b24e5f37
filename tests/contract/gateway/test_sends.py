"""`GET /v1/operator/sends`: for this machine only."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.notification import DeviceOutcome, Outcome, Receipt
from schemas.subscription import Channel
from services.runtime import records
from tests.contract.gateway.conftest import Door

NOW = datetime.now(UTC)


def receipt(accepted: int) -> Receipt:
    return Receipt(
        order="cause:3:0",
        alert="a1",
        stream="rain",
        revision="r1",
        channel=Channel.FCM,
        progress=4,
        total=4,
        final=accepted == 3,
        accepted=accepted,
        others=(DeviceOutcome(device="d1", outcome=Outcome.DEAD, address_sha256="f" * 64),),
        latency_ms_max=80,
        reported_at=NOW,
    )


async def test_the_operator_sees_how_far_each_send_is(door: Door) -> None:
    for accepted in (1, 3):
        one = receipt(accepted)
        message = records.message(one, key=one.order, id=f"receipt:{accepted}", source="gateway", at=NOW)
        await door.log.append("receipts", [message])
    await door.app.push.receipts.current()
    answer = await door.http.get("/v1/operator/sends")
    (send,) = answer.json()["sends"]
    assert (send["alert"], send["total"], send["settled"], send["accepted"]) == ("a1", 4, 4, 3)
    assert (send["others"], send["final"], answer.json()["dead_addresses"]) == ({"dead": 1}, True, 1)
    assert door.app.push.sendings()[0].percent == 100


async def test_nobody_elses_machine_is_answered(door: Door) -> None:
    asked = await door.http.get("/v1/operator/sends", headers={"x-forwarded-for": "203.0.113.9"})
    assert asked.status_code == 404
