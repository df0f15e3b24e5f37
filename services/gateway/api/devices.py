"""The devices' door: register, look, change, test, ask why, and delete everything in one call. No personal data.

Whoever holds a device's credential is that device; there is nothing else to log in with and nothing to look anybody up
by. Neither credentials nor addresses are ever logged.

    E5432  no such device                   E5435  the log did not take it
    E5433  no credential, or a wrong one    E5436  too much text
    E5434  too often: wait                  E5437  no room for more devices
    E5438  nobody could say why in time     E5439  nothing to send a test to

What may be wished: E542x (core/devices.py).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from schemas.area import City
from schemas.notification import Answer, Order, Outcome, Question, Receipt
from schemas.subscription import Permission, Subscription
from services.eventlog.port import EventLogError
from services.gateway.api.errors import ApiError, json_response
from services.gateway.core import devices, placenames
from services.gateway.core.devices import PlaceWish, Refused, Where, Wish
from services.gateway.core.pace import Pace, household
from services.gateway.core.placenames import Municipality
from services.runtime.clock import Clock

BODY_BYTES_MAX = 16_384
"""A registration at its fullest is a quarter of this."""
DEVICES_MAX = 1_000_000
"""Devices of one deployment: five times the largest that one host is meant for. What is beyond is somebody filling the
log, and everybody who is registered already stays so."""
QUERY_MAX = 60
ALERT_MAX = 300
PRIVATE = {"cache-control": "no-store"}

_DEVICE = re.compile(r"[0-9a-f]{32}")
_BEARER = re.compile(r"[Bb]earer +(\S+)")


class Register(Protocol):
    """The devices as they stand in the log (services/gateway/store/register.py)."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def turn(self, device: str) -> AbstractAsyncContextManager[None]:
        """One change of a device at a time."""
        ...

    async def find(self, device: str) -> Subscription | None:
        """What a device wishes now."""
        ...

    async def keep(self, subscription: Subscription) -> None:
        """Write it."""
        ...

    async def erase(self, device: str) -> None:
        """Forget it."""
        ...


class Asking(Protocol):
    """Questions to the others (services/gateway/store/asking.py)."""

    async def explain(self, question: Question) -> Answer | None:
        """Why a device was told of an alert; None when nobody said in time."""
        ...

    async def test(self, order: Order) -> Receipt | None:
        """Send a test; None when it is still under way."""
        ...


class PlaceIn(BaseModel):
    """A place to follow."""

    area: str | None = Field(None, max_length=100, description="class20 (1420600), JIS code (14206) or jis5:14206")
    min_rank: int = Field(3, description="told from this rank on: 2 to 5")
    latitude: float | None = None
    longitude: float | None = None


class QuietIn(BaseModel):
    """From when to when only rank 4 and above, quakes, tsunamis and the city's orders are told; Japan's time."""

    start: str = Field(max_length=20)
    end: str = Field(max_length=20)
    orders: bool = Field(default=False, description="the city's orders of level 3 (高齢者等避難) wait as well")


class DeviceIn(BaseModel):
    """A registration or a change; of a change, what is left out stays as it is."""

    places: list[PlaceIn] = Field(default_factory=list, max_length=devices.PLACES_SENT_MAX)
    hazard_min_ranks: dict[str, int] = Field(default_factory=dict)
    language: str = "ja"
    quiet: QuietIn | None = None
    channel: str = "fcm"
    address: str | None = None
    permission: str = "unknown"
    credential: str | None = Field(None, description="registration only: 32 random bytes of your own, in base64url")


_BODY: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": DeviceIn.model_json_schema(ref_template="#/{model}")}}}
}


@dataclass(slots=True, kw_only=True)
class Paces:
    """How often what may be done. An address may stand for a whole block of flats, or for a telephone company."""

    registering: Pace = field(default_factory=lambda: Pace(burst=100, every_s=1.0))
    """Registrations of a household."""
    asking: Pace = field(default_factory=lambda: Pace(burst=300, every_s=0.1))
    """Anything of a household."""
    changing: Pace = field(default_factory=lambda: Pace(burst=30, every_s=2.0))
    """Changes of a device."""
    testing: Pace = field(default_factory=lambda: Pace(burst=3, every_s=20.0))
    """Tests of a device."""
    explaining: Pace = field(default_factory=lambda: Pace(burst=5, every_s=5.0))
    """Questions of a device: every shard reads the log for each."""


@dataclass(slots=True, kw_only=True)
class Desk:
    """What the routes stand on."""

    register: Register
    asking: Asking
    where: Where
    known: Sequence[Municipality]
    clock: Clock
    paces: Paces = field(default_factory=Paces)
    devices_max: int = DEVICES_MAX

    @property
    def city(self) -> City:
        """The city of this deployment."""
        return self.where.city

    # --- who asks ---

    def paced(self, pace: Pace, key: str) -> None:
        """Raise where somebody asks too often."""
        wait_s = pace.wait_s(key, self.clock.monotonic())
        if wait_s > 0:
            seconds = int(wait_s) + 1
            raise ApiError(
                429, "E5434", "too many requests", f"try again in {seconds} s", {"retry-after": str(seconds)}
            )

    def caller(self, request: Request) -> str:
        """Who is counted for a request; nothing of it is kept."""
        return household(request.client.host if request.client else "")

    async def own(self, request: Request, device: str) -> Subscription:
        """The device of a request, if it brings that device's credential."""
        self.paced(self.paces.asking, self.caller(request))
        bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if bearer is None or not devices.is_credential(bearer[1]):
            raise _not_yours("the request has no credential of a device")
        found = await self.register.find(device) if _DEVICE.fullmatch(device) else None
        if found is None:
            raise _nobody()
        if not devices.is_right(bearer[1], found):
            raise _not_yours("the credential is not this device's")
        return found

    # --- what they do ---

    async def registered(self, wish: DeviceIn) -> tuple[Subscription, str]:
        """Keep a new device. With a credential that has one already, it is that device, changed."""
        credential = secrets.token_urlsafe(32) if wish.credential is None else wish.credential
        made = _taken(devices.fresh(credential, self.clock.now()))
        async with _the_log(), self.register.turn(made.device):
            before = await self.register.find(made.device)
            if before is None and len(self.register) >= self.devices_max:
                hint = "tell the operator; devices that are registered go on being told"
                raise ApiError(503, "E5437", "no room for more devices", hint)
            after = _taken(devices.changed(before or made, _wish(wish), self.where, self.clock.now()))
            await self.register.keep(after)
        return after, credential

    async def changed(self, request: Request, device: str, wish: DeviceIn) -> Subscription:
        """Change a device as it asks."""
        async with _the_log():
            await self.own(request, device)
            self.paced(self.paces.changing, device)
        async with _the_log(), self.register.turn(device):
            before = await self.register.find(device)
            if before is None:
                raise _nobody()
            after = _taken(devices.changed(before, _wish(wish), self.where, self.clock.now()))
            await self.register.keep(after)
        return after

    async def erased(self, request: Request, device: str) -> None:
        """Forget a device."""
        async with _the_log():
            await self.own(request, device)
        async with _the_log(), self.register.turn(device):
            if await self.register.find(device) is None:
                raise _nobody()
            await self.register.erase(device)

    async def tested(self, request: Request, device: str, shard: int) -> dict[str, Any]:
        """Send a device a test, and say what became of it as far as that is known at once."""
        async with _the_log():
            mine = await self.own(request, device)
            self.paced(self.paces.testing, device)
            if mine.address is None or mine.permission is Permission.DENIED:
                hint = "give the device's address, and let it show notifications: PUT /v1/devices/{device}"
                raise ApiError(409, "E5439", "this device cannot be reached", hint, PRIVATE)
            order = devices.trial(mine, self.city, shard, self.clock.now())
            receipt = await self.asking.test(order)
        return {"order": order.id, "outcome": outcome_of(receipt)}

    async def explained(self, request: Request, device: str, alert: str) -> dict[str, Any]:
        """Why a device was told of an alert, or was not."""
        async with _the_log():
            await self.own(request, device)
            self.paced(self.paces.explaining, device)
            question = Question(id=secrets.token_hex(16), device=device, alert=alert, asked_at=self.clock.now())
            answer = await self.asking.explain(question)
        if answer is None:
            raise ApiError(503, "E5438", "nobody could say why in time", "ask again in a minute", {"retry-after": "60"})
        reasons = [{"ja": one.ja, "easy": one.easy, "en": one.en} for one in answer.reasons]
        return {"device": device, "alert": alert, "reasons": reasons, "lines": list(answer.lines)}


def router(desk: Desk, shard_of: Callable[[str], int]) -> APIRouter:
    """The routes. `shard_of`: the shard of a device."""
    api = APIRouter(prefix="/v1")

    @api.post("/devices", status_code=201, summary="Register a device", response_model=None, openapi_extra=_BODY)
    async def register(request: Request) -> Response:
        desk.paced(desk.paces.asking, desk.caller(request))
        wish = await _body(request)
        desk.paced(desk.paces.registering, desk.caller(request))
        made, credential = await desk.registered(wish)
        return json_response({"device": made.device, "credential": credential}, status=201, headers=PRIVATE)

    @api.get("/devices/{device}", summary="All that is kept of a device", response_model=None)
    async def look(request: Request, device: str) -> Response:
        async with _the_log():
            found = await desk.own(request, device)
        return json_response(devices.shown(found, desk.where.areas), headers=PRIVATE)

    @api.put("/devices/{device}", summary="Change a device", response_model=None, openapi_extra=_BODY)
    async def change(request: Request, device: str) -> Response:
        after = await desk.changed(request, device, await _body(request))
        return json_response(devices.shown(after, desk.where.areas), headers=PRIVATE)

    @api.delete("/devices/{device}", status_code=204, summary="Delete everything of a device", response_model=None)
    async def erase(request: Request, device: str) -> Response:
        await desk.erased(request, device)
        return Response(status_code=204, headers=PRIVATE)

    @api.post("/devices/{device}/test", status_code=202, summary="A test push to this device", response_model=None)
    async def test(request: Request, device: str) -> Response:
        return json_response(await desk.tested(request, device, shard_of(device)), status=202, headers=PRIVATE)

    @api.get("/devices/{device}/explain", summary="Why this device was told of an alert", response_model=None)
    async def explain(request: Request, device: str, alert: Annotated[str, Query(max_length=ALERT_MAX)]) -> Response:
        return json_response(await desk.explained(request, device, alert), headers=PRIVATE)

    @api.get("/places", summary="Municipalities that can be followed here, by name", response_model=None)
    async def places(request: Request, q: Annotated[str, Query(max_length=QUERY_MAX)] = "") -> Response:
        desk.paced(desk.paces.asking, desk.caller(request))
        return json_response({"places": [_place(one) for one in placenames.found(desk.known, q)]})

    return api


def _place(one: Municipality) -> dict[str, Any]:
    name, prefecture = one.name, one.prefecture
    return {
        "jis5": one.jis5,
        "areas": [area.code for area in one.areas],
        "name": {"ja": name.ja, "easy": name.easy, "en": name.en},
        "prefecture": {"ja": prefecture.ja, "easy": prefecture.easy, "en": prefecture.en},
        "own": one.own,
    }


def outcome_of(receipt: Receipt | None) -> str:
    """What became of the one device of a test."""
    if receipt is None:
        return "under-way"
    return receipt.others[0].outcome if receipt.others else Outcome.ACCEPTED


def _wish(given: DeviceIn) -> Wish:
    """What was sent, and that the rest was not."""
    sent: dict[str, Any] = {name: getattr(given, name) for name in given.model_fields_set - {"credential"}}
    if "places" in sent:
        sent["places"] = [PlaceWish(**place.model_dump()) for place in given.places]
    if given.quiet is not None:
        sent["quiet"], sent["quiet_orders"] = (given.quiet.start, given.quiet.end), given.quiet.orders
    return Wish(**sent)


def _taken(made: Subscription | Refused) -> Subscription:
    if isinstance(made, Refused):
        raise ApiError(422, made.code, made.message, made.hint, PRIVATE)
    return made


def _nobody() -> ApiError:
    hint = "it was deleted, or never registered: register anew with POST /v1/devices"
    return ApiError(404, "E5432", "there is no such device", hint, PRIVATE)


def _not_yours(message: str) -> ApiError:
    hint = "send the header Authorization: Bearer <credential> that the device got when it was registered"
    return ApiError(401, "E5433", message, hint, {"www-authenticate": "Bearer", **PRIVATE})


async def _body(request: Request) -> DeviceIn:
    """The wish in a request; no body is an empty one."""
    text = bytearray()
    async for chunk in request.stream():
        text += chunk
        if len(text) > BODY_BYTES_MAX:
            raise ApiError(413, "E5436", "too much text", f"a registration has {BODY_BYTES_MAX} bytes at the most")
    try:
        return DeviceIn.model_validate_json(bytes(text) or b"{}")
    except ValidationError as error:
        # without the values: they may be personal
        raise RequestValidationError(
            error.errors(include_url=False, include_context=False, include_input=False)
        ) from None


@asynccontextmanager
async def _the_log() -> AsyncIterator[None]:
    """What the log refuses, or does not answer, is refused here in the one shape."""
    try:
        yield
    except (EventLogError, TimeoutError) as error:
        code = error.code if isinstance(error, EventLogError) else "no answer"
        hint = "ask again in a minute; a registration with a credential of your own can be repeated without harm"
        raise ApiError(
            503, "E5435", f"the log did not take it ({code})", hint, {"retry-after": "60", **PRIVATE}
        ) from error
