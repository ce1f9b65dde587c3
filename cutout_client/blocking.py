"""Client: AsyncClient for programs without an event loop. Its methods run AsyncClient's in a thread."""

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
        worker = self._started()
        return worker.run(method(worker.client, *args, **kwargs))

    return waiting


def _iterates(
    method: Callable[Concatenate[AsyncClient, P], AsyncIterator[T]],
) -> Callable[Concatenate["Client", P], Iterator[T]]:
    @wraps(method)
    def iterating(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        worker = self._started()
        items = method(worker.client, *args, **kwargs)
        try:
            while (item := worker.run(_next(items))) is not None:
                yield item
        finally:
            if worker.thread.is_alive():  # otherwise the client is closed, and with it its streams
                worker.run(_closed(items))

    return iterating


class _Worker:
    """An AsyncClient and the thread that runs its event loop."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._loop.run_forever, name="cutout-client", daemon=True)
        self.thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread, and return its result.

        Raises:
            RuntimeError: the client is closed, or the thread belongs to the parent of this forked process.
        """
        if os.getpid() != self._process:
            work.close()
            raise RuntimeError("This stream was started before the process was forked; start it again in this process")
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return running.result()
        finally:
            running.cancel()  # Ctrl-C interrupts only the waiting thread; no effect if it has finished

    def close(self) -> None:
        """Close the connections and end the thread."""
        self.run(self.client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.thread.join()
        self._loop.close()


class Client:
    """Client of a Cutout Shotgun service; see AsyncClient. Several threads may share it.

    It may be created before a fork (gunicorn's preload, Celery, multiprocessing): each process opens its own
    connections.
    """

    def __init__(
        self,
        url: str = "http://localhost:8000",
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        tries: int = TRIES,
    ) -> None:
        self._connect = partial(AsyncClient, url, api_key, timeout_s, tries)
        self._starting = threading.Lock()
        self._worker: _Worker | None = _Worker(self._connect())
        self._of_parent: list[_Worker] = []
        _CLIENTS.add(self)

    remove_background = _waits(AsyncClient.remove_background)
    process = _waits(AsyncClient.process)
    stream = _iterates(AsyncClient.stream)
    compose = _waits(AsyncClient.compose)
    edit = _waits(AsyncClient.edit)
    share = _waits(AsyncClient.share)
    upscale = _waits(AsyncClient.upscale)
    models = _waits(AsyncClient.models)
    presets = _waits(AsyncClient.presets)
    estimate = _waits(AsyncClient.estimate)
    log_selection = _waits(AsyncClient.log_selection)
    stats = _waits(AsyncClient.stats)
    submit = _waits(AsyncClient.submit)
    submit_upscale = _waits(AsyncClient.submit_upscale)
    job = _waits(AsyncClient.job)
    jobs = _waits(AsyncClient.jobs)
    forget = _waits(AsyncClient.forget)
    wait = _waits(AsyncClient.wait)
    wait_upscale = _waits(AsyncClient.wait_upscale)
    cancel = _waits(AsyncClient.cancel)
    estimate_batch = _waits(AsyncClient.estimate_batch)
    submit_batch = _waits(AsyncClient.submit_batch)
    batch = _waits(AsyncClient.batch)
    wait_batch = _waits(AsyncClient.wait_batch)
    batch_results = _iterates(AsyncClient.batch_results)
    save_batch = _waits(AsyncClient.save_batch)
    cancel_batch = _waits(AsyncClient.cancel_batch)
    forget_batch = _waits(AsyncClient.forget_batch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; closing again has no effect."""
        if self._worker and self._worker.thread.is_alive():
            self._worker.close()

    def _started(self) -> _Worker:
        with self._starting:
            self._worker = self._worker or _Worker(self._connect())
            return self._worker

    def _forked(self) -> None:
        """Use a new worker from the next call on. The parent's loop is not closed: that would affect the parent."""
        self._starting = threading.Lock()
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
    await items.aclose()  # type: ignore[attr-defined] # AsyncClient's streams are generators
