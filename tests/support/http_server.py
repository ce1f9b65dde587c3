"""Real HTTP servers on loopback, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from tests.support.patience import HANG_S


def listener(port: int = 0) -> socket.socket:
    """A socket that listens on loopback; port 0 takes a free one.

    asyncio sends small answers at once only where the socket's protocol is TCP by name, as its own are. Others wait
    40 ms for the acknowledgement of the answer's head.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    found.listen()
    return found


@asynccontextmanager
async def served(app: ASGIApp, believes_proxies: bool = False, keep_alive_s: int = 5) -> AsyncIterator[str]:
    """The address of an app served by uvicorn, which by itself would believe X-Forwarded-For from loopback."""
    with listener() as sock:
        trusted = None if believes_proxies else ""
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", forwarded_allow_ips=trusted, timeout_keep_alive=keep_alive_s
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        async with asyncio.timeout(HANG_S):
            while not server.started:
                await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


def asking(url: str, **given: Any) -> httpx.AsyncClient:
    """A caller of a service at an http address; it reads no certificates, which takes longer than most requests."""
    return httpx.AsyncClient(base_url=url, timeout=HANG_S, trust_env=False, verify=False, **given)  # noqa: S501 - no TLS
