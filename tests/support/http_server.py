"""Real HTTP servers on loopback, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.support.patience import HANG_S


@asynccontextmanager
async def served(app: ASGIApp, believes_proxies: bool = False, keep_alive_s: int = 5) -> AsyncIterator[str]:
    """The address of an app served by uvicorn, which by itself would believe X-Forwarded-For from loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        trusted = None if believes_proxies else ""
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", forwarded_allow_ips=trusted, timeout_keep_alive=keep_alive_s
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(HANG_S):
            while not server.started:
                await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
