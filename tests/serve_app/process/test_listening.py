"""The connections of the server that Ray starts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.server import ServerState

from serve_app.process.haproxy.configuration import HEAD_S
from serve_app.process.listening import Connection, listen
from tests.support.http_server import served
from tests.support.patience import HANG_S, skip

pytestmark = pytest.mark.anyio
ASKED = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
SLOW = ASKED.replace(b"/", b"/slow", 1)
HALF = ASKED[:-6]
REFUSED = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n"


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """At once, without a look at the body; /slow after more time than a head has."""
    if scope["path"] == "/slow":
        asyncio.get_running_loop().call_soon(skip, 3 * HEAD_S)
        await asyncio.sleep(3 * HEAD_S)
    await PlainTextResponse("answered")(scope, receive, send)


@asynccontextmanager
async def ours(
    monkeypatch: pytest.MonkeyPatch, keep_alive_s: int = 600
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server of ours."""
    monkeypatch.setitem(HTTP_PROTOCOLS, "auto", HTTP_PROTOCOLS["auto"])
    listen()
    async with served(answers, keep_alive_s=keep_alive_s) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def answered(reader: asyncio.StreamReader) -> bool:
    """Whether a whole answer comes."""
    return (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200") and await reader.readexactly(8) != b""


async def closed(reader: asyncio.StreamReader) -> bool:
    """Whether the connection ends; it may by a reset."""
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether it ends while heads have their time, several times over; idleness has more, unless a test says so."""
    closing = asyncio.create_task(closed(reader))
    for _ in range(5):
        skip(HEAD_S)
        await asyncio.sleep(0.01)
    return await asyncio.wait_for(closing, HANG_S)


@pytest.mark.parametrize("begun", [b"", b"G", b"\r\n", HALF])
async def test_no_head_no_connection(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    """A new connection ends that brings nothing, an empty line or half a head."""
    async with ours(monkeypatch) as (reader, writer):
        writer.write(begun)

        assert await ended(reader)


async def test_a_trickling_head_is_a_half_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time does not make the head be in time."""
    async with ours(monkeypatch) as (reader, writer):
        writer.write(HALF)
        closing, bytes_sent = asyncio.create_task(closed(reader)), 0
        while not closing.done() and bytes_sent < 100:
            writer.write(b"x")
            bytes_sent += 1
            skip(HEAD_S / 2)
            await asyncio.sleep(0.01)

        assert closing.done()


@pytest.mark.parametrize("then", [b"G", HALF])
async def test_the_next_head_is_timed_too(monkeypatch: pytest.MonkeyPatch, then: bytes) -> None:
    """After an answer half a head ends the connection, which may be idle for longer."""
    async with ours(monkeypatch) as (reader, writer):
        writer.write(ASKED)
        assert await answered(reader)
        writer.write(then)

        assert await ended(reader)


@pytest.mark.parametrize(("asked", "then"), [(ASKED, b"\r\n"), (REFUSED, bytes(10))])
async def test_what_comes_behind_an_answer_has_an_end(
    monkeypatch: pytest.MonkeyPatch, asked: bytes, then: bytes
) -> None:
    """Empty lines, or the rest of a body that nobody waits for, keep a connection no longer than idleness does."""
    async with ours(monkeypatch, keep_alive_s=1) as (reader, writer):
        writer.write(asked)
        assert await answered(reader)
        writer.write(then)

        assert await ended(reader)


async def test_requests_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow answer, one that had half the next head behind it, and idleness, each longer than a head may take."""
    async with ours(monkeypatch) as (reader, writer):
        for early, late in ((b"", ASKED), (HALF, ASKED[-6:])):
            writer.write(SLOW + early)
            assert await answered(reader)
            writer.write(late)
            assert await answered(reader)
            skip(3 * HEAD_S)
            await asyncio.sleep(0.01)
        writer.write(ASKED)
        assert await answered(reader)


async def test_a_body_is_no_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes of a body has the time that the application gives it."""
    async with ours(monkeypatch) as (reader, writer):
        writer.write(REFUSED.replace(b"/", b"/slow", 1))
        assert await answered(reader)
        writer.write(bytes(1000) + ASKED)
        assert await answered(reader)


async def test_small_answers_are_sent_at_once() -> None:
    """A connection to a listening socket made as Ray makes it does not wait for acknowledgements."""
    loop, made = asyncio.get_running_loop(), asyncio.Queue[Connection]()
    config = uvicorn.Config(answers, log_config=None)
    config.load()

    def create() -> Connection:
        made.put_nowait(connection := Connection(config, ServerState(), {}))
        return connection

    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    async with await loop.create_server(create, sock=sock):
        with socket.create_connection(sock.getsockname()):
            connection = await asyncio.wait_for(made.get(), HANG_S)
            while connection.transport is None:
                await asyncio.sleep(0)
            own = connection.transport.get_extra_info("socket")
            assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
