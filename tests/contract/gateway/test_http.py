from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.api import errors
from services.gateway.api.pages import content_security_policy
from tests.contract.gateway.conftest import Door, Opener
from tests.factories import ZUSHI, an_alert, an_info


async def published(door: Door) -> None:
    await door.publish(
        an_alert(0, an_info(level=4), stream="rain"),
        an_alert(1, an_info("heavy_rain", level=3, areas=(ZUSHI,)), stream="zushi"),
        an_alert(2, stream="drill", run="run-1"),
    )


async def test_the_situation_of_the_city_is_told_with_drills_apart(door: Door) -> None:
    await published(door)
    body = (await door.http.get("/v1/situation")).json()
    assert [one["stream"] for one in body["alerts"]] == ["rain"]
    assert [one["stream"] for one in body["drills"]] == ["drill~run-1"]
    assert body["area"] == "jis5:14206"


@pytest.mark.parametrize("area", ["1420800", "14208", "class20:1420800"])
async def test_a_neighbour_may_be_asked_for(door: Door, area: str) -> None:
    await published(door)
    body = (await door.http.get("/v1/situation", params={"area": area})).json()
    assert [one["stream"] for one in body["alerts"]] == ["zushi"]


async def test_who_has_the_answer_already_is_not_sent_it_again(door: Door) -> None:
    await published(door)
    first = await door.http.get("/v1/situation")
    again = await door.http.get("/v1/situation", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await door.publish(an_alert(9, an_info(level=5), stream="rain"))
    changed = await door.http.get("/v1/situation", headers={"if-none-match": first.headers["etag"]})
    assert (changed.status_code, changed.json()["alerts"][0]["level"]) == (200, 5)


async def test_an_alert_is_given_in_cap_s_words_with_what_became_of_it(door: Door) -> None:
    await published(door)
    alert = an_alert(0, stream="rain")
    body = (await door.http.get(f"/v1/alerts/{alert.identifier}")).json()
    assert (body["identifier"], body["msgType"], body["senderName"]) == (alert.identifier, "Update", "横浜地方気象台")
    assert body["info"][0]["area"][0]["areaDesc"] == "小田原市"
    assert [now["standing"] for now in body["now"]] == [True]


async def test_the_city_names_itself_its_areas_and_its_neighbours(door: Door) -> None:
    body = (await door.http.get("/v1/city")).json()
    assert (body["id"], body["name"]["en"], body["demo"]) == ("odawara", "Odawara City", False)
    assert all(set(one["title"]) == set(one["text"]) == {"ja", "easy", "en"} for one in body["idle"])
    assert ("tsunami", "330") in {(one["scheme"], one["code"]) for one in body["areas"]}
    assert {one["code"]: one["name"]["ja"] for one in body["areas"] if one["scheme"] == "class20"} == {
        "1420600": "小田原市"
    }
    assert {one["id"] for one in body["neighbours"]} == {"zushi", "hiratsuka", "kawasaki"}


# --- every error has one shape ---


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/situation?area=x", 422, "E5004"),
        ("GET", "/v1/situation?area=99999", 404, "E5005"),
        ("GET", "/v1/situation?area=0110000", 404, "E5006"),
        ("GET", "/v1/situation?area=" + "1" * 101, 422, "E5003"),
        ("GET", "/v1/alerts/nothing", 404, "E5007"),
        ("GET", "/v1/nothing", 404, "E5001"),
        ("GET", "/static/nothing.js", 404, "E5001"),
        ("GET", "/nothing?{path}", 404, "E5001"),
        ("GET", "/{path}{0}", 404, "E5001"),
        ("POST", "/v1/situation", 405, "E5002"),
        ("DELETE", "/health", 405, "E5002"),
        ("POST", "/static/nothing.js", 405, "E5002"),
    ],
)
async def test_bad_input_is_answered_with_what_and_why_and_what_to_do(
    door: Door, method: str, path: str, status: int, code: str
) -> None:
    answer = await door.http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "hint"}
    assert all(answer.json().values())


async def test_a_fault_of_ours_has_the_same_shape_and_tells_no_secret() -> None:
    api = FastAPI()
    errors.install(api)

    @api.get("/")
    async def broken() -> None:
        raise RuntimeError("the password is swordfish")

    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["code"], set(answer.json())) == (
        500,
        "E5000",
        {"code", "message", "hint"},
    )
    assert "swordfish" not in answer.text


@pytest.mark.parametrize("path", ["/v1/situation", "/v1/alerts/x"])
async def test_before_the_situation_is_loaded_nothing_is_claimed(opened: Opener, path: str) -> None:
    answer = await (await opened()).http.get(path)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "E5008", "1")


# --- pages ---


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A folder of pages."""
    for name, text in {
        "signage/index.html": "<!doctype html><title>sign</title>",
        "resident/index.html": "<!doctype html><title>home</title>",
        "resident/situation.html": "<!doctype html><title>situation</title>",
        "signage/app.js": "export {};",
        "signage/sw.js": "",
        "vendor/font.woff2": "",
        "notes.py": "secret",
    }.items():
        path = tmp_path / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "web"


@pytest.mark.parametrize(
    ("path", "media_type", "caching"),
    [
        ("/sign", "text/html; charset=utf-8", "no-cache"),
        ("/situation", "text/html; charset=utf-8", "no-cache"),
        ("/static/signage/app.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/static/vendor/font.woff2", "font/woff2", "max-age=2592000"),
    ],
)
async def test_pages_and_their_files_are_served(
    opened: Opener, web: Path, path: str, media_type: str, caching: str
) -> None:
    door = await opened(web=web)
    answer = await door.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == caching
    again = await door.http.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_the_front_door_is_the_residents_page(opened: Opener, web: Path) -> None:
    door = await opened(web=web)
    assert "home" in (await door.http.get("/")).text
    assert "situation" in (await door.http.get("/situation")).text


async def test_a_service_worker_may_look_after_the_sign(opened: Opener, web: Path) -> None:
    door = await opened(web=web)
    assert (await door.http.get("/static/signage/sw.js")).headers["service-worker-allowed"] == "/"
    assert "service-worker-allowed" not in (await door.http.get("/static/signage/app.js")).headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/signage/%2e%2e/%2e%2e/secret.txt",
        "/static//etc/passwd",
        "/static/notes.py",
        "/static/signage",
        "/static/",
    ],
)
async def test_no_path_leads_out_of_the_pages(opened: Opener, web: Path, path: str) -> None:
    door = await opened(web=web)
    answer = await door.http.get(httpx.URL(f"http://127.0.0.1:{door.port}").copy_with(raw_path=path.encode()))
    assert (answer.status_code, "secret" in answer.text.replace("secret.txt", "")) == (404, False)


async def test_every_answer_is_kept_in_its_place(door: Door) -> None:
    for path in ("/v1/city", "/health", "/nothing", "/"):
        headers = (await door.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert f"ws://127.0.0.1:{door.port}" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("host", ["", "a b", "a;script-src *", "evil.example/path", "x'"])
def test_a_host_that_is_none_adds_nothing_to_the_policy(host: str) -> None:
    assert content_security_policy(host) == content_security_policy("")


async def test_whoever_only_wants_the_head_gets_it(door: Door) -> None:
    for path in ("/health", "/v1/situation", "/situation"):
        head, get = await door.http.head(path), await door.http.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")


# --- for this machine's own collector ---


async def test_metrics_are_for_this_machine_only(door: Door) -> None:
    assert "hansho_connections" in (await door.http.get("/metrics")).text
    forwarded = await door.http.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})
    assert (forwarded.status_code, forwarded.json()["code"]) == (404, "E5001")
