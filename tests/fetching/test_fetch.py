"""A picture is fetched whole or not at all; each failure is named, and shows nothing of what is inside."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cutout.errors import ValidationError
from cutout.service import FetchSpec
from cutout.telemetry.metrics import SPAN_SECONDS, RecordedMetrics
from fetching.fetch import Fetcher
from fetching.guard import GuardedClient
from serve_app.settings import VERSION
from tests.support.fetchers import MAX_BYTES, PATIENT, PICTURE, fetcher, reason
from tests.support.loopback_web import PUBLIC, Dns, Host, Internet, chunked, redirect, reply

pytestmark = pytest.mark.anyio


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A host on loopback."""
    async with Host({"/picture": reply(PICTURE)}) as host:
        yield host


async def test_a_picture_is_fetched_byte_for_byte(host: Host) -> None:
    """The bytes are those of the host, which learns who asks and that nothing is to be compressed."""
    assert await fetcher().fetch(f"http://{host.host}/picture") == PICTURE

    lines = host.requests[0].split("\r\n")
    assert lines[0] == "GET /picture HTTP/1.1"
    assert f"Host: {host.host}" in lines
    assert f"User-Agent: cutout-shotgun/{VERSION}" in lines
    assert "Accept-Encoding: identity" in lines


async def test_a_fetch_is_timed_however_it_ends(host: Host) -> None:
    """A picture that came and one that did not are each one observation of the span `fetch`."""
    kept = RecordedMetrics()
    timed = Fetcher(PATIENT, MAX_BYTES, instruments=kept)

    await timed.fetch(f"http://{host.host}/picture")
    with pytest.raises(ValidationError):
        await timed.fetch(f"http://{host.host}/nowhere")

    assert len(kept.values(SPAN_SECONDS, span="fetch")) == 2


@pytest.mark.parametrize(
    "answer",
    [
        reply(PICTURE, "Content-Type: text/html"),
        reply(PICTURE, "Content-Encoding: Identity"),
        reply(PICTURE, length=-1),
        chunked(PICTURE),
        chunked(PICTURE[:1], PICTURE[1:1000], PICTURE[1000:]),
        b"HTTP/1.1 100 Continue\r\n\r\n" + reply(PICTURE),
        b"HTTP/1.0 200 OK\r\n\r\n" + PICTURE,
        reply(PICTURE, status="206 Partial Content"),
    ],
    ids=["html", "identity", "until closed", "one chunk", "chunks", "after 100", "HTTP/1.0", "206"],
)
async def test_every_whole_answer_is_taken(host: Host, answer: bytes) -> None:
    """However the length is told, and whatever type is claimed, all bytes come; the decoder judges them later."""
    host.answers["/"] = answer

    assert await fetcher().fetch(f"http://{host.host}/") == PICTURE


async def test_path_query_and_encoding_of_an_address_are_kept(host: Host) -> None:
    """A signed address arrives as it was signed, without its fragment."""
    host.answers["/a%20b/%C3%BC?sig=a%2Fb+c&x=1"] = reply(PICTURE)

    assert await fetcher().fetch(f"http://{host.host}/a%20b/ü?sig=a%2Fb+c&x=1#there") == PICTURE


async def test_fetches_share_nothing(host: Host) -> None:
    """A cookie is not kept for the next fetch, nor is a connection that the host would keep open."""

    async def stay(writer: asyncio.StreamWriter) -> None:
        writer.write(reply(PICTURE, "Set-Cookie: who=me; Path=/"))
        await asyncio.Event().wait()

    host.answers["/"] = stay
    fetching = fetcher()
    for _ in range(2):
        assert await fetching.fetch(f"http://{host.host}/") == PICTURE

    assert host.connections == 2
    assert "cookie" not in "".join(host.requests).lower()


async def test_many_fetches_at_once(host: Host) -> None:
    """One fetcher serves fifty requests at the same time."""
    fetching = fetcher()
    pictures = await asyncio.gather(*(fetching.fetch(f"http://{host.host}/picture") for _ in range(50)))

    assert pictures == [PICTURE] * 50


async def test_proxies_of_the_environment_are_not_used(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY and its like change nothing."""
    async with Host({}) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.host}")

        assert await fetcher().fetch(f"http://{host.host}/picture") == PICTURE
        assert proxy.connections == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("to", ["/picture", "picture", "?/../picture", "http://{host}/picture", "//{host}/picture"])
async def test_a_redirect_is_followed(host: Host, status: str, to: str) -> None:
    """Every status that redirects, to every form of address."""
    host.answers |= {"/a": redirect(to.format(host=host.host), status), "/a?/../picture": reply(PICTURE)}

    assert await fetcher().fetch(f"http://{host.host}/a") == PICTURE


async def test_five_redirects_are_followed_and_not_six(host: Host) -> None:
    """The limit counts redirects: the picture behind the fifth is fetched, a sixth is not followed."""
    host.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(6)}
    host.answers["/6"] = reply(PICTURE)

    assert await fetcher().fetch(f"http://{host.host}/1") == PICTURE
    assert host.connections == 6
    with pytest.raises(ValidationError, match="more than 5 redirects"):
        await fetcher().fetch(f"http://{host.host}/0")
    assert host.connections == 12


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("http://127.0.0.2/", "a public host is expected"),
        ("http://169.254.169.254/latest/meta-data/", "a public host is expected"),
        ("//[::1]/", "a public host is expected"),
        ("file:///etc/passwd", "an http or https address is expected"),
        ("ftp://127.0.0.1/x", "an http or https address is expected"),
        ("data:image/png;base64,AA", "an http or https address is expected"),
        ("http://user:pass@127.0.0.1/", "without user name and password"),
        ("http://2130706433/", "a host name or a plain IP address"),
        ("http://127.0.0.1:99999/", "a port of 1 to 65535"),
        ("http://[::g]/", "a valid http or https address"),
    ],
)
async def test_the_target_of_a_redirect_is_checked(host: Host, to: str, expected: str) -> None:
    """A redirect is refused for what an address would be refused for, in the same words."""
    told = await reason(host, redirect(to))

    assert expected in told
    with pytest.raises(ValidationError) as direct:
        await fetcher().fetch(f"http:{to}" if to.startswith("//") else to)
    assert direct.value.message == told


@pytest.mark.parametrize("status", [300, 302, 304, 400, 401, 404, 407, 429, 500, 503, 999])
async def test_a_status_that_brings_no_picture_is_named(host: Host, status: int) -> None:
    """The message tells the status and nothing of the body; a redirect to nowhere is one of them."""
    told = await reason(host, reply(b"secret", status=f"{status} secret"))

    assert told == f"image_url could not be fetched: its host answered with status {status}"


@pytest.mark.parametrize(
    "answer",
    [
        reply(PICTURE[:-1], length=len(PICTURE)),
        reply(b"", length=1),
        chunked(PICTURE)[:-1],
        chunked(PICTURE)[:-100],
        reply(b"zz\r\nx\r\n", "Transfer-Encoding: chunked", length=-1),
        reply(PICTURE, "Content-Length: 3"),
        reply(PICTURE, f"X: {'x' * 200_000}"),
        b"",
        b"\0" * 1000,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example ESMTP\r\n",
        b"-ERR unknown command\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        reply(b"", "Upgrade: x", "Connection: upgrade", status="101 Switching Protocols"),
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\0: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-",
    ],
    ids=lambda answer: repr(answer[:60]),
)
async def test_a_broken_answer_is_never_taken_for_a_picture(host: Host, answer: bytes) -> None:
    """What ends before it is whole, or is not HTTP at all, is named as that, without a byte of it."""
    told = await reason(host, answer)

    assert told == "image_url could not be fetched: its host closed the connection early, or did not answer in HTTP"


@pytest.mark.parametrize("url", ["", "picture.png", "/etc/passwd", "data:image/png;base64,AA", "ftp://a.example/x"])
async def test_the_scheme_is_named_where_it_is_wrong(url: str) -> None:
    """Whoever forgets the scheme, or has another, is told which ones there are."""
    with pytest.raises(ValidationError, match="an http or https address is expected"):
        await fetcher().fetch(url)


async def test_no_message_shows_an_address_or_a_byte_from_inside() -> None:
    """Whatever goes wrong on the way to a name, the answer to the caller holds neither its address nor an answer."""
    async with Host({"/": reply(b"secret", status="500 secret")}) as inside:
        dns = Dns({"inside.example": [["127.0.0.1"]], "outside.example": [[PUBLIC]]})
        client = GuardedClient("image_url", FetchSpec(), dns, Internet({"127.0.0.1": inside}))
        for name in ("inside.example", "outside.example", "nowhere.example"):
            with pytest.raises(ValidationError) as refused:
                await Fetcher(FetchSpec(), MAX_BYTES, client).fetch(f"http://{name}/")
            told = f"{refused.value.message} {refused.value.details}"
            assert not any(word in told for word in ("127.0.0.1", PUBLIC, "secret", "500"))

        assert inside.connections == 0
