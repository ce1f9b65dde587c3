"""Issue 12, host: a provider that has turned hostile leads nowhere: its addresses are guarded as a caller's are."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from cutout.errors import ProviderError
from cutout.service import FetchSpec
from fetching.fetch import Fetcher
from fetching.guard import GuardedClient
from tests.providers.kie import FakeKie
from tests.providers.serving import Served
from tests.support.loopback_web import PUBLIC, Dns, Host, Internet, redirect, reply
from tests.support.remote_backends import KEYS, opened, picture, served_kie

pytestmark = pytest.mark.anyio
CHARGED_USD = 0.005
INSIDE = (
    "http://127.0.0.1:{trap}/",
    "http://localhost:{trap}/",
    "http://[::ffff:127.0.0.1]:{trap}/",
    "http://0x7f000001:{trap}/",
    "http://10.0.0.7/result.png",
    "http://169.254.169.254/latest/meta-data/iam",
    "http://[fd00:ec2::254]/latest/meta-data",
    "http://metadata.google.internal/computeMetadata/v1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{trap}/result.png",
    "http://user@127.0.0.1:{trap}/",
    "//127.0.0.1:{trap}/",
)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys are set."""
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)


@pytest.fixture
async def trap() -> AsyncIterator[Host]:
    """A service inside, which nobody should reach."""
    async with Host({"/": reply(b"a secret of the inside")}) as host:
        yield host


@pytest.fixture
def kie() -> Iterator[tuple[FakeKie, dict[str, Any]]]:
    """A fake Kie.ai, and the options that lead to it."""
    with served_kie() as both:
        yield both


async def refused(fake: FakeKie, address: dict[str, Any], result_url: str) -> str:
    """Why a result was not taken: the picture fails, is paid once, and its task is not repeated."""
    fake.result_url = result_url
    async with opened("kie", **address) as backend:
        with pytest.raises(ProviderError) as failed:
            await backend.remove(picture())
    assert failed.value.details["cost_usd"] == pytest.approx(CHARGED_USD)
    assert "secret" not in failed.value.message
    return failed.value.message


@pytest.mark.parametrize("url", INSIDE)
async def test_a_result_inside_is_not_fetched(kie: tuple[FakeKie, dict[str, Any]], trap: Host, url: str) -> None:
    """Kie.ai may name what it likes: nothing that is not public is connected to. 1.0.0 fetched all of them by http."""
    message = await refused(*kie, result_url=url.format(trap=trap.port))

    print(f"{url}: {trap.connections} connections; {message}")
    assert trap.connections == 0
    assert len(kie[0].script.seen("create")) == 1


async def test_a_redirect_to_the_inside_is_not_followed(kie: tuple[FakeKie, dict[str, Any]], trap: Host) -> None:
    """An allowed host that leads to a private one is where it ends; 1.0.0 followed."""
    async with Host({"/r.png": redirect(f"http://{trap.host}/")}) as outside:
        address = kie[1] | {"allowed_hosts": (outside.host,)}
        message = await refused(kie[0], address, f"http://{outside.host}/r.png")

    print(f"redirect: {outside.connections} to the first host, {trap.connections} to the second; {message}")
    assert (outside.connections, trap.connections) == (1, 0)
    assert "public host" in message


async def test_a_name_that_changes_leads_nowhere(
    kie: tuple[FakeKie, dict[str, Any]], trap: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public at the first look-up and local at the second is not connected to a second time."""
    names = Dns({"rebinding.test": [[PUBLIC], ["127.0.0.1"]]})
    async with Host({"/r.png": redirect("/again.png")}) as outside:
        internet = Internet({PUBLIC: outside, "127.0.0.1": trap})

        def fetcher(rules: FetchSpec, max_bytes: int, field: str) -> Fetcher:
            return Fetcher(rules, max_bytes, GuardedClient(field, rules, names, internet), field)

        monkeypatch.setattr("deployments.backends.remote.provider.Fetcher", fetcher)
        message = await refused(*kie, result_url="http://rebinding.test/r.png")

    print(f"rebinding: dialled {internet.dialled}; {message}")
    assert internet.dialled == [PUBLIC]
    assert trap.connections == 0


async def test_a_huge_result_is_not_read(kie: tuple[FakeKie, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says how large it is ends at its head, one that never ends soon after the limit; neither is repeated."""
    monkeypatch.setattr("deployments.backends.remote.provider.REPLY_BYTES", 1024 * 1024)
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(64 * 1024))
            await writer.drain()
            sent += 64 * 1024

    async with Host({"/said": reply(b"", length=10**12), "/endless": endless}) as outside:
        address = kie[1] | {"allowed_hosts": (outside.host,)}
        said = await refused(kie[0], address, f"http://{outside.host}/said")
        went_on = await refused(kie[0], address, f"http://{outside.host}/endless")
        await outside.hung_up.wait()

    print(f"endless result: {sent} bytes sent for a limit of {1024 * 1024}; {went_on}")
    assert "limit of 1 MB" in said
    assert "limit of 1 MB" in went_on
    assert outside.connections == 2
    assert sent < 64 * 1024 * 1024  # what the sockets of both sides hold, at most


@pytest.mark.parametrize("backend", ["http_api", "runware"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_an_api_that_redirects_is_not_followed(trap: Host, backend: str, status: int) -> None:
    """The key and the picture go to the address that the operator wrote, and nowhere else."""

    async def moved(_: Request) -> RedirectResponse:
        return RedirectResponse(f"http://{trap.host}/", status)

    with Served(Starlette(routes=[Route("/", moved, methods=["POST"])])) as api:
        told: dict[str, Any] = {
            "http_api": {"url": api.url + "/", "key_variable": "PICTURE_KEY", "image_field": "image"},
            "runware": {"base_url": api.url + "/", "model": "runware:112@10"},
        }
        async with opened(backend, **told[backend]) as opened_backend:
            with pytest.raises(ProviderError):
                await opened_backend.remove(picture())

    assert trap.connections == 0
