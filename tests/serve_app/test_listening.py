"""The socket that Ray listens on."""

import asyncio
import socket

import pytest

from serve_app.listening import send_at_once
from tests.patience import HANG_S

pytestmark = pytest.mark.anyio


async def test_small_answers_are_sent_at_once() -> None:
    """A connection to a listening socket made as Ray makes it does not wait for acknowledgements."""
    loop, connected = asyncio.get_running_loop(), asyncio.Queue[int]()

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            own = transport.get_extra_info("socket")
            connected.put_nowait(own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    send_at_once(loop)
    async with await loop.create_server(Answering, sock=sock):
        with socket.create_connection(sock.getsockname()):
            assert await asyncio.wait_for(connected.get(), HANG_S) == 1
