"""The socket that Ray listens on for HTTP, in the ingress' own process."""

import asyncio
import socket
from typing import Any


def send_at_once(loop: asyncio.AbstractEventLoop) -> None:
    """Let no answer of servers that `loop` will start wait for the acknowledgement of its own head (Nagle).

    asyncio does so by itself where a socket says that it is TCP's. Ray's does not (ray 2.60), and each small answer
    then takes 40 ms more. What is set at a listening socket holds for its connections.
    """
    create = loop.create_server

    async def create_server(*args: Any, sock: socket.socket | None = None, **more: Any) -> asyncio.Server:
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server: asyncio.Server = await create(*args, sock=sock, **more)
        return server

    loop.create_server = create_server  # type: ignore[method-assign]
