"""Whatever a caller writes as an address, connections go to public hosts and to those an operator allows."""

from pathlib import Path

import httpx
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.errors import ValidationError
from cutout.service import FetchSpec
from fetching.addresses import look_up
from fetching.fetch import Fetcher
from fetching.guard import GuardedClient, PinnedNetwork, checked_url
from tests.support.loopback_web import PUBLIC, PUBLIC_6, Dns, Host, Internet, redirect, reply

pytestmark = pytest.mark.anyio
RULES = FetchSpec(connect_s=2, read_s=2, total_s=5)
HOSTILE = [
    line.encode("ascii").decode("unicode_escape")
    for line in (Path(__file__).parent / "hostile_urls.txt").read_text("ascii").splitlines()
    if line and not line.startswith("#")
]


async def fetched(fetcher: Fetcher, url: str) -> bytes | None:
    """What came from an address; None where the request was refused by a validation error of `image_url`."""
    try:
        return await fetcher.fetch(url)
    except ValidationError as refused:
        if refused.details["field"] != "image_url":
            raise
        return None


def the_list(trap: Host) -> list[str]:
    """The hostile addresses, aimed at the trap."""
    assert len(HOSTILE) >= 200
    return [url.replace("{port}", str(trap.port)) for url in HOSTILE]


async def test_the_trap_works() -> None:
    """An address on loopback is fetched when the operator allows it, so that a trap nobody stepped into says much."""
    async with Host({"/": reply(b"secret")}) as trap:
        allowed = RULES.model_copy(update={"allowed_hosts": ("127.0.0.1",)})

        assert await fetched(Fetcher(allowed, 1000), f"http://{trap.host}/") == b"secret"
        assert trap.connections == 1


async def test_no_hostile_address_is_fetched_where_every_name_leads_inside() -> None:
    """Each is refused with 400, by its form or by the address it leads to, and the trap is never connected to."""
    async with Host({"/": reply(b"secret")}) as trap:
        fetcher = Fetcher(RULES, 1000, GuardedClient("image_url", RULES, Dns({}, ["127.0.0.1"])))
        accepted = [url for url in the_list(trap) if await fetched(fetcher, url) is not None]

        assert accepted == []
        assert trap.connections == 0


async def test_no_hostile_address_leads_elsewhere_than_its_name() -> None:
    """Where every name is public, only that public address is ever dialled: parts of an address are never mistaken."""
    async with Host({}) as outside:
        rules = FetchSpec(connect_s=0.2)  # a host that speaks no TLS lets a TLS handshake wait
        internet = Internet({PUBLIC: outside})
        fetcher = Fetcher(rules, 1000, GuardedClient("image_url", rules, Dns({}, [PUBLIC]), internet))
        for url in the_list(outside):
            await fetched(fetcher, url)

        assert set(internet.dialled) == {PUBLIC}


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "::1", "::ffff:127.0.0.1"]
)
async def test_the_network_refuses_by_itself(host: str) -> None:
    """Even a host that nobody checked the form of is judged by the address that the system reads in it."""
    internet = Internet({})
    with pytest.raises(ValidationError, match="a public host is expected"):
        await PinnedNetwork("image_url", (), look_up, internet).connect_tcp(host, 80, 5)

    assert internet.dialled == []


async def test_no_redirect_leads_to_a_hostile_address() -> None:
    """A public host that redirects to any of them is refused, and the trap is never connected to."""
    async with Host({"/": reply(b"secret")}) as trap, Host({}) as outside:
        dns = Dns({"public.example": [[PUBLIC]], "start.example": [[PUBLIC]]}, ["127.0.0.1"])
        internet = Internet({PUBLIC: outside, "127.0.0.1": trap, "::1": trap})
        fetcher = Fetcher(RULES, 1000, GuardedClient("image_url", RULES, dns, internet))
        for url in the_list(trap):
            outside.answers = {"/start": redirect(url)}

            assert await fetched(fetcher, "http://start.example/start") is None

        assert set(internet.dialled) == {PUBLIC}
        assert trap.connections == 0


async def test_a_name_that_changes_its_address_is_looked_up_once() -> None:
    """DNS rebinding: the connection goes to the answer that was checked, not to a later one."""
    async with Host({"/": reply(b"picture")}) as outside, Host({"/": reply(b"secret")}) as trap:
        dns = Dns({"rebind.example": [[PUBLIC], ["127.0.0.1"]]})
        internet = Internet({PUBLIC: outside, "127.0.0.1": trap})
        fetcher = Fetcher(RULES, 1000, GuardedClient("image_url", RULES, dns, internet))

        assert await fetched(fetcher, "http://rebind.example/") == b"picture"
        assert dns.asked == ["rebind.example"]
        assert await fetched(fetcher, "http://rebind.example/") is None
        assert internet.dialled == [PUBLIC]
        assert trap.connections == 0


async def test_a_redirect_to_the_same_name_is_checked_again() -> None:
    """Each request of a chain has its own look-up: a name that moved inside meanwhile is refused."""
    async with Host({"/": redirect("/again"), "/again": reply(b"secret")}) as host:
        dns = Dns({"rebind.example": [[PUBLIC], ["10.0.0.1"]]})
        internet = Internet({PUBLIC: host, "10.0.0.1": host})
        fetcher = Fetcher(RULES, 1000, GuardedClient("image_url", RULES, dns, internet))

        assert await fetched(fetcher, "http://rebind.example/") is None
        assert internet.dialled == [PUBLIC]


@pytest.mark.parametrize(
    "addresses",
    [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, PUBLIC_6, "::1"], [PUBLIC, "fe80::1%eth0"], ["10.0.0.1"]],
    ids=str,
)
async def test_one_private_address_of_a_name_is_enough_to_refuse_it(addresses: list[str]) -> None:
    """A name at a mix of public and private addresses is refused before anything is dialled."""
    internet = Internet({})
    client = GuardedClient("image_url", RULES, Dns({"mixed.example": [addresses]}), internet)
    with pytest.raises(ValidationError, match="a public host is expected"):
        await Fetcher(RULES, 1000, client).fetch("http://mixed.example/")

    assert internet.dialled == []


async def test_the_answer_shows_no_address_from_inside() -> None:
    """A private address and a name at one are refused with the same words; a name that nobody knows is told so."""
    dns = Dns({"wiki.corp.example": [["10.1.2.3"]], "empty.example": [[]]})
    fetcher = Fetcher(RULES, 1000, GuardedClient("image_url", RULES, dns, Internet({})))
    told = set()
    for host in ("10.1.2.3", "wiki.corp.example", "[::1]"):
        with pytest.raises(ValidationError) as refused:
            await fetcher.fetch(f"http://{host}/")
        told.add((refused.value.status, refused.value.message, str(refused.value.details)))

    assert len(told) == 1
    assert "10.1" not in str(told)
    for host in ("nobody.corp.example", "empty.example"):
        with pytest.raises(ValidationError, match="the name of its host does not resolve"):
            await fetcher.fetch(f"http://{host}/")


async def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    """A host is reached by any of its first four addresses, and asked by its name."""
    async with Host({"/": reply(b"picture")}) as outside:
        dead = ["8.8.8.1", "8.8.8.2", "8.8.8.3"]
        internet = Internet({PUBLIC: outside})
        dns = Dns({"a.example": [[*dead, PUBLIC]], "b.example": [[*dead, "8.8.8.4", PUBLIC]]})
        fetcher = Fetcher(RULES, 1000, GuardedClient("image_url", RULES, dns, internet))

        assert await fetched(fetcher, "http://a.example:8080/") == b"picture"
        assert "Host: a.example:8080\r\n" in outside.requests[0]
        assert await fetched(fetcher, "http://b.example/") is None
        assert internet.dialled == [*dead, PUBLIC, *dead, "8.8.8.4"]


@pytest.mark.parametrize("written", [PUBLIC, f"[{PUBLIC_6}]", "pictures.example", "xn--bcher-kva.example"])
@pytest.mark.parametrize("port", ["", ":8080"])
async def test_the_host_is_asked_by_the_name_in_the_address(written: str, port: str) -> None:
    """The Host header is as the address has it, whatever the socket goes to: IPv6 in brackets, the port where given."""
    async with Host({"/": reply(b"picture")}) as outside:
        internet = Internet({PUBLIC: outside, PUBLIC_6: outside})
        fetcher = Fetcher(RULES, 1000, GuardedClient("image_url", RULES, Dns({}, [PUBLIC]), internet))

        assert await fetched(fetcher, f"http://{written}{port}/") == b"picture"
        assert f"Host: {written}{port}\r\n" in outside.requests[0]


@pytest.mark.parametrize(
    ("allowed", "asked", "is_allowed"),
    [
        ("minio", "http://minio/", True),
        ("minio", "http://MINIO.:9000/", True),
        ("minio:9000", "http://minio:9000/", True),
        ("minio:9000", "http://minio:22/", False),
        ("minio:9000", "http://minio/", False),
        ("minio:80", "http://minio/", True),
        ("minio", "http://minio.example/", False),
        ("minio", "http://sub.minio/", False),
        ("minio", "http://10.0.0.7/", False),
        ("10.0.0.7", "http://10.0.0.7/", True),
        ("[fd00::7]", "http://[fd00::7]/", True),
        ("[fd00::7]:9000", "http://[fd00::7]:9000/", True),
        ("[fd00::7]:9000", "http://[fd00::7]/", False),
    ],
)
async def test_an_allowed_host_may_be_private(allowed: str, asked: str, is_allowed: bool) -> None:
    """A host named in `allowed_hosts` is fetched wherever it is, by that name and port and by no other."""
    async with Host({"/": reply(b"picture")}) as inside:
        rules = RULES.model_copy(update={"allowed_hosts": (allowed,)})
        internet = Internet({"10.0.0.7": inside, "fd00::7": inside})
        client = GuardedClient("image_url", rules, Dns({}, ["10.0.0.7"]), internet)

        assert (await fetched(Fetcher(rules, 1000, client), asked) == b"picture") is is_allowed
        assert inside.connections == is_allowed


@pytest.mark.parametrize("entry", ["10.0.0.0/8", "*.example", "http://minio", "Minio", "minio:", "a b", "fd00::7", ""])
def test_an_allowed_host_is_a_name_with_or_without_a_port(entry: str) -> None:
    """Networks, patterns, addresses of pages and upper case are wrong values, not rules that never match."""
    with pytest.raises(pydantic.ValidationError, match="allowed_hosts"):
        FetchSpec(allowed_hosts=(entry,))


async def test_the_guard_serves_other_fields_and_methods() -> None:
    """A webhook is delivered by the same client; its errors name its own field."""
    async with Host({"/hook": reply(b"", status="204 No Content", length=-1)}) as outside:
        dns = Dns({"hooks.example": [[PUBLIC]], "inside.example": [["127.0.0.1"]]})
        client = GuardedClient("webhook_url", RULES, dns, Internet({PUBLIC: outside}))
        url = checked_url("http://hooks.example/hook", "webhook_url")
        async with client.stream("POST", url, {"Content-Type": "application/json"}, b"{}") as answer:
            assert answer.status == 204

        assert outside.requests[0].startswith("POST /hook HTTP/1.1\r\nHost: hooks.example\r\n")
        assert "Content-Length: 2\r\n" in outside.requests[0]
        with pytest.raises(ValidationError) as refused:
            async with client.stream("POST", checked_url("http://inside.example/", "webhook_url"), {}):
                pass
        assert refused.value.details == {"field": "webhook_url"}
        await client.close()


ANY = st.characters()  # with lone surrogates, which JSON can bring


@given(
    st.text(ANY)
    | st.text(ANY).map("http://a/".__add__)
    | st.text("htps:/.@[]%\\0127x:#?", max_size=40).map("http:".__add__)
)
def test_any_text_is_an_address_or_a_validation_error(text: str) -> None:
    """No text makes the check fail in another way; what passes has a host that the client and we read alike."""
    try:
        url = checked_url(text, "image_url")
    except ValidationError:
        return

    again = httpx.URL(str(url))
    assert (again.raw_scheme, again.raw_host, again.port) == (url.raw_scheme, url.raw_host, url.port)
    assert not url.userinfo
