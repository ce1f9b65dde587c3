"""Who is calling: what a caller writes into X-Forwarded-For gains nothing."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from cutout.accounts.spec import AccessSpec
from serve_app.middleware.callers import Callers, client_address
from tests.support.http_server import asking, served
from tests.support.patience import HANG_S

PROXIES = AccessSpec.model_validate({"trusted_proxies": ["10.0.0.0/8", "127.0.0.2", "fd00::/8"]})


def address(peer: str | None, *forwarded: str) -> str | None:
    """The client's address of a request from `peer` with these X-Forwarded-For headers."""
    headers = Headers(raw=[(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded])
    return client_address(headers, (peer, 4711) if peer else None, PROXIES.trusted_proxies)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.5", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.5", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        ("10.0.0.5", ["9.9.9.9", "1.2.3.4, 10.1.1.1"], "1.2.3.4"),
        ("10.0.0.5", ["1.2.3.4:5678"], "1.2.3.4"),
        ("10.0.0.5", ["::ffff:1.2.3.4"], "1.2.3.4"),
        ("::ffff:10.0.0.5", ["1.2.3.4"], "1.2.3.4"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("fd00::1", ["[2001:db8:1:2::9]:443"], "2001:db8:1:2::/64"),
        ("10.0.0.5", [], None),
        ("10.0.0.5", ["10.0.0.6"], None),
        ("10.0.0.5", [""], None),
        ("10.0.0.5", ["1.2.3.4, unknown"], None),
        ("10.0.0.5", ["1.2.3.4, 10.0.0.6\x00"], None),
        ("8.8.8.8", ["1.2.3.4"], None),
        ("127.0.0.1", ["1.2.3.4"], None),
        ("testclient", ["1.2.3.4"], None),
        (None, ["1.2.3.4"], None),
    ],
)
def test_the_client_is_whom_the_trusted_proxies_saw(peer: str, forwarded: list[str], client: str | None) -> None:
    """The right-most address that is no proxy's counts, if a proxy sent the request; else there is no address."""
    assert address(peer, *forwarded) == client


hops = st.one_of(st.ip_addresses().map(str), st.sampled_from(["10.0.0.9", "127.0.0.2", "unknown", "", "1.2.3.4, , :"]))


@given(st.lists(hops, max_size=8), st.ip_addresses(v=4, network="198.51.100.0/24").map(str))
def test_whatever_is_forged_the_proxy_has_the_last_word(forged: list[str], seen: str) -> None:
    """A proxy adds the address that it saw; nothing before it changes who is calling."""
    assert address("10.0.0.5", ", ".join([*forged, seen])) == seen
    assert address("10.0.0.5", *forged, seen) == seen


@given(st.lists(hops, max_size=8), st.ip_addresses(v=4, network="198.51.100.0/24").map(str))
def test_who_goes_around_the_proxy_gains_nothing(forged: list[str], peer: str) -> None:
    """A request straight to the service has no address of its own choice, whatever it writes."""
    assert address(peer, *forged) is None


@pytest.mark.anyio
@pytest.mark.parametrize("believes_proxies", [False, True])
async def test_forged_over_http(believes_proxies: bool) -> None:
    """Over HTTP, too, a forged address counts for nothing, even if uvicorn believes it and says so to the app."""
    callers = Callers(None, PROXIES)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(callers.of(scope).who)(scope, receive, send)

    forged = {"X-Forwarded-For": "9.9.9.9"}
    proxy = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with (
        served(app, believes_proxies) as url,
        asking(url) as direct,
    ):
        around = [(await direct.get("/models", headers=headers)).text for headers in ({}, forged)]
        async with httpx.AsyncClient(base_url=url, transport=proxy, timeout=HANG_S) as through:
            passed = (await through.get("/models", headers={"X-Forwarded-For": "9.9.9.9, 1.2.3.4"})).text

    assert around == ["anonymous", "anonymous"]
    assert passed == "address:1.2.3.4"


def test_without_proxies_everybody_shares() -> None:
    """Where service.yaml names no proxy there is one budget, whatever address a request has."""
    callers = Callers(None, AccessSpec())
    scopes = [{"type": "http", "headers": [(b"x-forwarded-for", b"1.2.3.4")], "client": (host, 1)} for host in "ab"]

    assert {callers.of(scope).who for scope in scopes} == {"anonymous"}
