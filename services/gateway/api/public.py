"""The public API: what is in force in a place, one alert in CAP's words, and which city this is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from schemas import codec
from schemas.area import AreaCode, AreaTable, City, UnknownArea
from schemas.text import Text
from services.gateway.api.errors import ApiError, json_response, not_ready
from services.gateway.core import situation_view
from services.gateway.core.situation_view import Malformed, NotWatched, Place
from services.gateway.core.view import View

AREA_MAX = 100
"""Characters of an area in a question."""

_FORMS = "an area is class20 (1420600), a JIS code (14206) or scheme:code (tsunami:330)"


def router(
    view: Callable[[], View], city: City, neighbours: Sequence[City], areas: AreaTable, *, inbox: str = ""
) -> APIRouter:
    """The routes, over what is known now. `inbox`: where the demo's phones are to be seen."""
    api = APIRouter(prefix="/v1")
    city_body = orjson.dumps({**_city(city, neighbours, areas), **({"inbox": inbox} if inbox else {})})

    def known() -> View:
        now = view()
        if not now.loaded:
            raise not_ready()
        return now

    @api.get("/situation", summary="What is in force in a place", response_model=None)
    async def situation(
        area: Annotated[str | None, Query(max_length=AREA_MAX, description=_FORMS)] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        now = known()
        where = _placed(situation_view.place(area, city, neighbours, areas), area or "")
        found = situation_view.held(now, where)
        etag = situation_view.etag(now, where, found)
        if etag in (if_none_match or ""):
            return Response(status_code=304, headers={"etag": etag, "cache-control": "no-cache"})
        return json_response(situation_view.answer(now, where, found), headers={"etag": etag})

    @api.get("/alerts/{identifier:path}", summary="One alert in CAP's words", response_model=None)
    async def alert(identifier: str) -> Response:
        now = known()
        found = situation_view.kept(now.mirror.streams.values(), identifier)
        if found is None:
            raise ApiError(
                404,
                "E5007",
                f"no alert {identifier[:200]!r} is kept here",
                "it never was, concerns another city, or is over for more than a week; see /v1/situation",
            )
        cap = orjson.loads(codec.encode(found.alert))
        return json_response({**cap, "now": situation_view.standing_now(found)})

    @api.get("/city", summary="The city that this gateway serves", response_model=None)
    async def served() -> Response:
        return Response(city_body, media_type="application/json", headers={"cache-control": "no-cache"})

    return api


def _placed(found: Place | Malformed | NotWatched | UnknownArea, asked: str) -> Place:
    if isinstance(found, Place):
        return found
    if isinstance(found, Malformed):
        raise ApiError(422, "E5004", f"{asked!r} is no area", _FORMS)
    if isinstance(found, NotWatched):
        hint = "ask the gateway of that area's city; the areas of this one are in /v1/city"
        raise ApiError(
            404, "E5006", f"this gateway does not watch {asked!r}: it would not know of a danger there", hint
        )
    parts = ", ".join(map(str, found.within))
    hint = f"its municipality has {parts}" if parts else _FORMS
    raise ApiError(404, "E5005", f"there is no area {asked!r}", hint)


def _city(city: City, neighbours: Sequence[City], areas: AreaTable) -> dict[str, Any]:
    return {
        "id": city.id,
        "name": _text(city.name),
        "prefecture": _text(city.prefecture),
        "jis5": city.jis5,
        "areas": [_area(code, city, areas) for code in sorted(city.own)],
        "neighbours": [
            {
                "id": one.id,
                "name": _text(one.name),
                "jis5": one.jis5,
                "areas": [_area(code, one, areas) for code in sorted(one.own)],
            }
            for one in neighbours
        ],
        "demo": any(entry.area in city.own for entry in city.demo),
        "idle": [{"title": _text(item.title), "text": _text(item.text)} for item in city.idle],
    }


def _area(code: AreaCode, city: City, areas: AreaTable) -> dict[str, Any]:
    entry = areas.entries.get(code) or next((one for one in city.demo if one.area == code), None)
    named = {"name": _text(entry.name)} if entry else {}
    return {"scheme": code.scheme, "code": code.code, **named}


def _text(text: Text) -> dict[str, str]:
    return {"ja": text.ja, "easy": text.easy, "en": text.en}
