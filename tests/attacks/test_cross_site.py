"""What pages of other sites can do with a service: nothing without keys, and with them what the operator allows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cutout.accounts.keys import KeyRing, make_key
from cutout.accounts.spec import AccessSpec
from serve_app.app import create_app
from tests.serve_app.jobs.test_jobs import ended
from tests.serve_app.telemetry.test_requests import no_keys
from tests.support.durable_jobs import WEBHOOK, Works, client, picture, working
from tests.support.http_server import asking, served
from tests.support.in_process import BUSY, Memory, model, registry, shotgun
from tests.support.limited_service import error
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
SPENT = {"include_models": "paid"}
EVIL = "https://evil.example"


@asynccontextmanager
async def a_service(keys: KeyRing | None = None, **access: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Memory]]:
    """A service with a paid model on a real port, and its ledger."""
    ledger = Memory()
    spec = AccessSpec.model_validate({**BUSY.model_dump(), **access})
    paid = shotgun(registry(model("paid", provider="dear", price_usd=0.25), access=spec), ledger)
    async with (
        served(create_app(paid, ledger, keys)) as url,
        asking(url) as http,
    ):
        yield http, ledger


async def spend(http: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """Fire at the paid model, as a form of another page can without a preflight."""
    return await http.post("/remove-background", data=SPENT, files={"image": picture()}, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1.evil.example:8000"},
        {"Origin": "file://"},
        {"Referer": f"{EVIL}/page.html"},
    ],
)
async def test_another_page_spends_nothing(headers: dict[str, str]) -> None:
    """It is refused by the setting's name, whatever of the three headers its browser sends, and nothing is paid."""
    async with a_service() as (http, ledger):
        refused = await spend(http, **headers)

    assert "access.cors_origins" in error(refused, 403, "forbidden").message
    assert (ledger.reserved, ledger.spent) == ([], [])
    print("0 calls paid")


async def test_an_image_of_another_page_starts_no_job() -> None:
    """`<img src=…/api/remove?url=…>` is refused, in the words of that API, and so is a link that opens it."""
    async with a_service() as (http, ledger):
        for mode in ("no-cors", "navigate"):
            headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
            refused = await http.get("/api/remove?url=https://pictures.example/a.png", headers=headers)

            assert refused.status_code == 403
    assert ledger.spent == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "a.b@127.0.0.1", "1.2"]
)
@pytest.mark.parametrize("path", ["/selections/export", "/health", "/", "/openapi.json"])
async def test_a_name_that_was_made_to_point_here_reads_nothing(host: str, path: str) -> None:
    """DNS rebinding: the page and the service are of one site then, and no other header tells."""
    async with a_service() as (http, _):
        refused = await http.get(path, headers={"Host": host})

    assert "access.hosts" in error(refused, 403, "forbidden").message


@pytest.mark.parametrize(
    "host",
    ["localhost:8000", "LOCALHOST", "127.0.0.1", "[::1]:8000", "192.168.7.3:8000", "cutout", "cutout.localhost",
     "svc.cutout.svc.cluster.local", "host.docker.internal:8000", "cut.example", "cut.example.", "named.example:444"],
)  # fmt: skip
async def test_own_names_are_known(host: str) -> None:
    """Addresses, names of a local network, and those that are set, with or without a port."""
    async with a_service(hosts=["cut.example", "named.example:443"]) as (http, _):
        assert (await spend(http, Host=host)).status_code == 200


async def test_programs_and_our_own_page_go_on() -> None:
    """Without Origin and Sec-Fetch-*, and with those of our own page, behind a proxy with another Host as well."""
    async with a_service(hosts=["cut.example"]) as (http, ledger):
        own = f"http://{http.base_url.netloc.decode()}"
        for headers in (
            {},
            {"Sec-Fetch-Site": "same-origin", "Origin": own},
            {"Origin": own},
            {"Referer": f"{own}/"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://cut.example"},
            {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
        ):
            assert (await spend(http, **headers)).status_code == 200, headers
    assert len(ledger.spent) == 7


async def test_a_link_opens_the_page() -> None:
    """What costs nothing may be linked from anywhere."""
    async with a_service() as (http, _):
        for path in ("/", "/docs", "/health", "/static/page.js"):
            assert (await http.get(path, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 200
        assert (await http.post("/", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_origins_that_are_set_may_read(tmp_path: Path) -> None:
    """CORS with preflight and exposed headers, with and without keys, on errors too; for no other page."""
    shop = "https://shop.example"
    for keys in (None, no_keys(tmp_path)):
        async with a_service(keys, cors_origins=[shop]) as (http, _):
            asked = {"Origin": shop, "Access-Control-Request-Method": "POST"}
            asked["Access-Control-Request-Headers"] = "authorization, content-type, idempotency-key"
            preflight = await http.options("/remove-background", headers=asked)
            answer = await spend(http, Origin=shop, **{"Sec-Fetch-Site": "cross-site"})
            other = await spend(http, Origin=EVIL)

        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == shop
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        assert answer.status_code == (401 if keys else 200)
        assert answer.headers["access-control-allow-origin"] == shop
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-origin" not in other.headers
        assert other.status_code == (401 if keys else 403)


async def test_without_the_setting_there_is_no_cors(tmp_path: Path) -> None:
    """No header of it, and a preflight is no method of ours."""
    async with a_service(no_keys(tmp_path)) as (http, _):
        answer = await http.options("/models", headers={"Origin": EVIL, "Access-Control-Request-Method": "GET"})

    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.status_code == 401


def with_key(works: Works) -> httpx.AsyncClient:
    """A caller with a key, of a service with keys; his Host is not looked at."""
    key, record = make_key("somebody")
    keys = KeyRing(works.folder / "keys")
    keys.add(record)
    return client(works, keys, key)


async def test_a_caller_with_a_key_is_answered_by_the_name_that_he_used(tmp_path: Path) -> None:
    """With keys he chose the Host himself, and an address in his answer is for him alone: no cache may keep it."""
    async with working(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite") as works, with_key(works) as http:
        for host in ("cut.example", "cut.example:8443", "cut.example.", "192.168.7.3"):
            headers = {"Host": host, "Prefer": "respond-async"}
            answer = await http.post("/remove-background", files={"image": picture()}, headers=headers)
            status_url = answer.json()["status_url"]
            [first, *_] = (await ended(http, status_url))["results"]

            assert status_url.startswith(f"http://{host}/jobs/")
            assert first["image_url"].startswith(f"http://{host}/")
            assert (await http.get(status_url)).headers["cache-control"] == "no-store"


async def test_what_is_no_host_is_in_no_address(tmp_path: Path) -> None:
    """It is refused by its name, before a job is made."""
    none = ["", "a.b@127.0.0.1", "cut.example/e", "cut.example?a=", "cut.example:port", "[::1", "a b", '"><script>']
    async with working(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite") as works, with_key(works) as http:
        for host in none:
            headers = {"Host": host, "Prefer": "respond-async"}
            refused = await http.post("/remove-background", files={"image": picture()}, headers=headers)

            assert error(refused, 400, "validation_error").message.startswith("Host: ")
    assert works.runs == []


async def test_a_webhook_repeats_no_strangers_name(tmp_path: Path) -> None:
    """Its receiver takes the addresses for the service's: a Host that nobody set is refused by the setting's name."""
    async with (
        working(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", webhook=WEBHOOK) as works,
        with_key(works) as http,
        Receiver() as receiver,
    ):
        form: dict[str, Any] = {"data": {"webhook_url": receiver.url}, "files": {"image": picture()}}
        refused = await http.post("/remove-background", **form, headers={"Host": "evil.example"})
        known = await http.post("/remove-background", **form, headers={"Host": "127.0.0.1:8000"})
        [message] = await receiver.wait_for(1)

    assert "CUTOUT_PUBLIC_URL" in error(refused, 403, "forbidden").message
    assert known.status_code == 202
    assert b"http://127.0.0.1:8000/" in message.body
    assert b"evil.example" not in message.body


async def test_a_public_url_is_for_every_host(tmp_path: Path) -> None:
    """Whatever the Host was, in an answer and in a webhook."""
    url = "https://cut.example/api"
    async with (
        working(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", public_url=url, webhook=WEBHOOK) as works,
        with_key(works) as http,
        Receiver() as receiver,
    ):
        form: dict[str, Any] = {"data": {"webhook_url": receiver.url}, "files": {"image": picture()}}
        answer = await http.post("/remove-background", **form, headers={"Host": "evil.example"})
        [message] = await receiver.wait_for(1)

    assert answer.json()["status_url"].startswith(f"{url}/jobs/")
    assert answer.headers["location"].startswith(f"{url}/jobs/")
    assert f"{url}/".encode() in message.body
