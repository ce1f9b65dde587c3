"""Pictures by their address, as the whole service answers them."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cutout.models.status import ModelStatus
from cutout.service import FetchSpec
from fetching.fetch import Fetcher
from serve_app.app import create_app
from tests.serve_app.endpoints.test_process import png
from tests.support.fetchers import MAX_BYTES, PATIENT, PICTURE, fetcher, reason
from tests.support.in_process import Memory, model, registry, shotgun
from tests.support.loopback_web import Host, reply

pytestmark = pytest.mark.anyio
SLOW_MS = 250
PATHS = {"/remove-background": "include_models", "/process": "bg_models", "/upscale": None}


async def slow(writer: asyncio.StreamWriter) -> None:
    """A picture that comes late."""
    await asyncio.sleep(SLOW_MS / 1000)
    writer.write(reply(png()))


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A host on loopback."""
    async with Host({"/slow": slow, "/bad": reply(b"GIF89a..."), "/torn": reply(png()[:60])}) as host:
        yield host


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a service that may fetch from loopback."""
    reg = registry(model("first"), model("second"))
    service = reg.service.model_copy(update={"fetch": FetchSpec(allowed_hosts=("127.0.0.1",))})
    ledger = Memory()
    app = create_app(shotgun(reg.model_copy(update={"service": service}), ledger), ledger)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as http:
        yield http


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["bad", "torn"])
async def test_a_fetched_pictures_fault_names_its_address(
    http: httpx.AsyncClient, host: Host, path: str, name: str
) -> None:
    """What is wrong with a picture is said of the field that brought it."""
    found = (await http.post(path, json={"image_url": f"http://{host.host}/{name}"})).json()["error"]

    assert (found["type"], found["details"]["field"]) == ("invalid_format", "image_url")


@pytest.mark.parametrize("path", PATHS)
async def test_the_time_of_an_answer_has_the_fetch_in_it(http: httpx.AsyncClient, host: Host, path: str) -> None:
    """`processing_time_ms` begins when the request is there, on every endpoint."""
    body = (await http.post(path, json={"image_url": f"http://{host.host}/slow"})).json()

    assert body["processing_time_ms"] >= SLOW_MS
    assert all(one["processing_time_ms"] <= body["processing_time_ms"] for one in body.get("results", []))


async def test_a_deadline_that_the_fetch_has_used_up_asks_no_model(http: httpx.AsyncClient, host: Host) -> None:
    """The deadline is the request's: who fetches longer than that asks nobody, and nothing is spent."""
    asked = {"image_url": f"http://{host.host}/slow", "deadline_ms": 1}

    answer = await http.post("/remove-background", json=asked)

    assert answer.status_code == 422
    assert {one["error"] for one in answer.json()["results"]} == {"Not done by the deadline of 1 ms"}
    assert (await http.get("/models")).json()["models"][0]["median_time_ms"] is None


@pytest.mark.parametrize("coding", ["", "identity", "utf-8", "UTF-8", "binary", "none", "aws-chunked", "aws-chunked,"])
async def test_what_is_no_coding_is_passed_over(host: Host, coding: str) -> None:
    """Storage services send the words that were given at the upload."""
    host.answers["/"] = reply(PICTURE, f"Content-Encoding: {coding}")

    assert await fetcher().fetch(f"http://{host.host}/") == PICTURE


@pytest.mark.parametrize("coding", ["gzip", "X-GZip", "br", "zstd", "deflate", "aws-chunked, gzip", "gzip,"])
async def test_what_is_a_coding_is_refused(host: Host, coding: str) -> None:
    """Nothing is undone."""
    assert "compressed" in await reason(host, reply(PICTURE, f"Content-Encoding: {coding}"))


@pytest.mark.parametrize("around", [" {}", "{}\n", "{}\r\n", "\t{} ", "\x00{}\x1f"])
async def test_space_around_an_address_is_passed_over(host: Host, around: str) -> None:
    """As browsers do with what was pasted."""
    host.answers["/"] = reply(PICTURE)

    assert await fetcher().fetch(around.format(f"http://{host.host}/")) == PICTURE


async def test_a_name_that_does_not_resolve_is_told() -> None:
    """A misspelt host is the caller's to mend: he is told that there is none."""
    with pytest.raises(Exception, match="image_url: the name of its host does not resolve"):
        await Fetcher(PATIENT, MAX_BYTES).fetch("http://nobody.invalid/a.png")


async def test_a_model_that_rests_makes_the_service_degraded() -> None:
    """/health says so while another model of the same provider works, and the provider keeps its best word."""
    guns = shotgun(registry(model("local")))
    specs = {name: model(name, provider="there", free=True) for name in ("good", "resting")}
    guns.statuses.specs = specs
    guns.statuses._statuses = {
        "good": ModelStatus("ready", health="connected"),
        "resting": ModelStatus("ready", health="degraded"),
    }
    ledger = Memory()
    app = create_app(guns, ledger)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as http:
        body = (await http.get("/health")).json()

    assert (body["status"], body["services"]) == ("degraded", {"there": "connected"})
