"""Client: AsyncClient for programs without an event loop. Its methods are AsyncClient's own, run in a thread."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar
from weakref import WeakSet

from cutout_client.client import TIMEOUT_S, TRIES, AsyncClient

P = ParamSpec("P")
T = TypeVar("T")


def _waits(
    method: Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Client", P], T]:
    @wraps(method)
    def waiting(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        worker = self._begun()
        return worker.run(method(worker.client, *args, **kwargs))

    return waiting


def _iterates(
    method: Callable[Concatenate[AsyncClient, P], AsyncIterator[T]],
) -> Callable[Concatenate["Client", P], Iterator[T]]:
    @wraps(method)
    def iterating(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        worker = self._begun()
        items = method(worker.client, *args, **kwargs)
        try:
            while (item := worker.run(_next(items))) is not None:
                yield item
        finally:
            if worker.thread.is_alive():  # else the client was closed first, and its streams with it
                worker.run(_closed(items))

    return iterating


class _Worker:
    """An AsyncClient, and the thread of this process in which its event loop runs."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._loop.run_forever, name="cutout-client", daemon=True)
        self.thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work brings back.

        Raises:
            RuntimeError: the client is closed, or the process is a fork of the one whose thread it is.
        """
        if os.getpid() != self._process:
            work.close()
            raise RuntimeError("This stream was begun before the process was forked: begin it anew in this process")
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return running.result()
        finally:
            running.cancel()  # Ctrl-C reaches this thread alone; what is done already cannot be cancelled

    def close(self) -> None:
        """Close the connections, and end the thread."""
        self.run(self.client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.thread.join()
        self._loop.close()


class Client:
    """A service of Cutout Shotgun; see AsyncClient. Several threads may use one at a time.

    It may be made before a fork (gunicorn's preload, Celery, multiprocessing): each process has its own connections.
    """

    def __init__(
        self,
        url: str = "http://localhost:8000",
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        tries: int = TRIES,
    ) -> None:
        self._connect = partial(AsyncClient, url, api_key, timeout_s, tries)
        self._beginning = threading.Lock()
        self._worker: _Worker | None = _Worker(self._connect())
        self._of_parent: list[_Worker] = []
        _CLIENTS.add(self)

    remove_background = _waits(AsyncClient.remove_background)
    process = _waits(AsyncClient.process)
    stream = _iterates(AsyncClient.stream)
    compose = _waits(AsyncClient.compose)
    upscale = _waits(AsyncClient.upscale)
    models = _waits(AsyncClient.models)
    estimate = _waits(AsyncClient.estimate)
    log_selection = _waits(AsyncClient.log_selection)
    stats = _waits(AsyncClient.stats)
    submit = _waits(AsyncClient.submit)
    submit_upscale = _waits(AsyncClient.submit_upscale)
    job = _waits(AsyncClient.job)
    wait = _waits(AsyncClient.wait)
    wait_upscale = _waits(AsyncClient.wait_upscale)
    cancel = _waits(AsyncClient.cancel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a second time does nothing."""
        if self._worker and self._worker.thread.is_alive():
            self._worker.close()

    def _begun(self) -> _Worker:
        with self._beginning:
            self._worker = self._worker or _Worker(self._connect())
            return self._worker

    def _forked(self) -> None:
        """Begin anew at the next call. The parent's loop stays: to close it here would end it there, too."""
        self._beginning = threading.Lock()
        self._of_parent += [self._worker] if self._worker else []
        self._worker = None


_CLIENTS = WeakSet[Client]()


def _in_child() -> None:
    for client in list(_CLIENTS):
        client._forked()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_in_child)


async def _next(items: AsyncIterator[T]) -> T | None:
    return await anext(items, None)


async def _closed(items: AsyncIterator[Any]) -> None:
    await items.aclose()  # type: ignore[attr-defined] # AsyncClient.stream is a generator
