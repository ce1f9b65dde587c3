"""A fake provider on a port of its own."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp


class Served:
    """An application under uvicorn on loopback, in a thread: `with Served(app) as server: … server.url`."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        """Port 0 takes a free one."""
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        # Not a daemon: a process that ends while uvloop works in one dies of SIGSEGV.
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # It stops listening within a tenth of a second, and ends its calls, those that hang on purpose too.
        self._server.force_exit = self._server.should_exit = True
