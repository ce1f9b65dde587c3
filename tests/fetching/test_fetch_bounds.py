"""A fetch ends: at the most bytes, at the most seconds, and when its caller leaves."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import pytest

from cutout.errors import ImageTooLarge, ValidationError
from cutout.service import FetchSpec
from fetching.fetch import Fetcher
from fetching.guard import GuardedClient
from tests.support.fetchers import MAX_BYTES, PATIENT, PICTURE, fetcher, reason
from tests.support.loopback_web import Answer, Host, chunked, redirect, reply
from tests.support.patience import HANG_S, skip

pytestmark = pytest.mark.anyio
STEPS = 500
"""Of a host that dawdles, each of 20 ms: far more than a test waits for."""


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A host on loopback."""
    async with Host({"/picture": reply(PICTURE)}) as host:
        yield host


async def zeros(writer: asyncio.StreamWriter) -> None:
    """Zeros until the caller leaves."""
    while True:
        writer.write(bytes(4096))
        await writer.drain()


async def test_a_picture_of_just_the_limit_is_taken(host: Host) -> None:
    """The limit itself is allowed; one byte more is not, whether the length is told or not."""
    host.answers = {"/in": reply(bytes(MAX_BYTES)), "/over": reply(bytes(MAX_BYTES + 1))}
    host.answers["/chunks"] = chunked(bytes(MAX_BYTES), b"x")

    assert len(await fetcher().fetch(f"http://{host.host}/in")) == MAX_BYTES
    for path in ("over", "chunks"):
        with pytest.raises(ImageTooLarge) as refused:
            await fetcher().fetch(f"http://{host.host}/{path}")
        assert (refused.value.status, refused.value.details) == (413, {"field": "image_url"})


@pytest.mark.parametrize("declared", [MAX_BYTES + 1, 10**15, 10**19])
async def test_a_declared_length_is_believed_before_a_byte_is_read(host: Host, declared: int) -> None:
    """Where the host says that it is too large, nothing is waited for."""

    async def says_so(writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", length=declared))
        await asyncio.Event().wait()

    host.answers["/"] = says_so
    with pytest.raises(ImageTooLarge):
        await fetcher().fetch(f"http://{host.host}/")


async def test_an_endless_answer_is_left(host: Host) -> None:
    """Reading stops at the limit, and the connection is closed."""

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", length=-1))
        await zeros(writer)

    host.answers["/"] = endless
    with pytest.raises(ImageTooLarge):
        await fetcher().fetch(f"http://{host.host}/")
    await asyncio.wait_for(host.hung_up.wait(), HANG_S)


async def test_the_body_of_a_redirect_is_not_read(host: Host) -> None:
    """A redirect is followed at once, however much comes with it."""

    async def redirects_endlessly(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /picture\r\n\r\n")
        await zeros(writer)

    host.answers["/"] = redirects_endlessly
    assert await fetcher().fetch(f"http://{host.host}/") == PICTURE
    await asyncio.wait_for(host.hung_up.wait(), HANG_S)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP"])
async def test_a_compressed_answer_is_refused_unread(host: Host, coding: str) -> None:
    """Compression that was not asked for is never undone, so that no small answer can grow."""
    bomb = gzip.compress(bytes(10_000_000))
    told = await reason(host, reply(bomb, f"Content-Encoding: {coding}"))

    assert told == "image_url could not be fetched: its host sent it compressed, which was not asked for"


async def drip(writer: asyncio.StreamWriter) -> None:
    """A byte every few milliseconds: never silent for long, never done."""
    writer.write(reply(b"", length=MAX_BYTES))
    for _ in range(STEPS):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    """Headers without end, slowly."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(STEPS):
        writer.write(b"X: x\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def say_continue(writer: asyncio.StreamWriter) -> None:
    """Interim answers without end."""
    for _ in range(STEPS):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def be_silent(writer: asyncio.StreamWriter) -> None:
    """Half an answer, then nothing."""
    writer.write(reply(b"x", length=2))
    await asyncio.Event().wait()


@pytest.mark.parametrize("answer", [drip, drip_headers, say_continue])
async def test_a_host_that_dawdles_is_left(host: Host, answer: Answer) -> None:
    """A host that always sends something is given up after the time for the whole, and its connection closed."""
    rules = PATIENT.model_copy(update={"total_s": HANG_S, "connect_s": 2 * HANG_S, "read_s": 2 * HANG_S})
    waiting = asyncio.create_task(reason(host, answer, rules))
    await asyncio.wait_for(host.asked.wait(), HANG_S)
    skip(HANG_S)

    assert await waiting == "image_url could not be fetched: it took longer than 300 s"
    await asyncio.wait_for(host.hung_up.wait(), HANG_S)


async def test_the_time_for_the_whole_holds_across_redirects(host: Host) -> None:
    """A chain of slow redirects has no more time than one answer."""

    async def slowly(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(redirect("/"))

    rules = PATIENT.model_copy(update={"total_s": 0.5, "read_s": 30})

    assert "it took longer than 0.5 s" in await reason(host, slowly, rules)
    assert host.connections <= 3


async def test_a_silent_host_is_left(host: Host) -> None:
    """A host that stops sending is given up after the time for silence."""
    rules = PATIENT.model_copy(update={"read_s": 0.2})

    assert await reason(host, be_silent, rules) == "image_url could not be fetched: its host was silent for 0.2 s"


async def test_a_closed_port_is_named() -> None:
    """A host that refuses the connection is told from one that does not answer."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can open it meanwhile
        with pytest.raises(ValidationError) as refused:
            await fetcher().fetch(f"http://127.0.0.1:{closed.getsockname()[1]}/")

    assert refused.value.message == "image_url could not be fetched: no connection to its host could be made"


async def test_a_name_that_nobody_answers_for_is_left() -> None:
    """A look-up has the time of a connection."""

    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    rules = FetchSpec(connect_s=0.2)
    with pytest.raises(ValidationError) as refused:
        await Fetcher(rules, MAX_BYTES, GuardedClient("image_url", rules, never)).fetch("http://slow.example/")

    assert refused.value.message == "image_url could not be fetched: its host did not answer within 0.2 s"


async def test_tiny_chunks_leave_others_their_turn(host: Host) -> None:
    """An answer in thousands of chunks, all there at once, does not hold up the event loop until it is read."""
    host.answers["/"] = chunked(*[b"x"] * 5000)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    assert len(await fetcher().fetch(f"http://{host.host}/")) == 5000
    beside.cancel()
    assert turns >= 5000


async def test_a_caller_who_leaves_closes_the_connection(host: Host) -> None:
    """A cancelled fetch ends at once and leaves nothing open."""
    host.answers["/"] = drip
    fetching = asyncio.create_task(fetcher().fetch(f"http://{host.host}/"))
    await asyncio.wait_for(host.asked.wait(), HANG_S)
    fetching.cancel()

    with pytest.raises(asyncio.CancelledError):
        await fetching
    await asyncio.wait_for(host.hung_up.wait(), HANG_S)


async def test_close_ends_what_is_under_way(host: Host) -> None:
    """A replica that goes away closes its connections."""
    host.answers["/"] = drip
    fetching = fetcher()
    task = asyncio.create_task(fetching.fetch(f"http://{host.host}/"))
    await asyncio.wait_for(host.asked.wait(), HANG_S)
    await fetching.close()
    await asyncio.wait_for(host.hung_up.wait(), HANG_S)
    task.cancel()
    await asyncio.wait([task])
