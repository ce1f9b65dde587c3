"""Client: AsyncClient for programs without an event loop. Its methods are AsyncClient's own, run in a thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from cutout_client.client import TIMEOUT_S, TRIES, AsyncClient

P = ParamSpec("P")
T = TypeVar("T")


def _waits(
    method: Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["Client", P], T]:
    @wraps(method)
    def waiting(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(method(self._client, *args, **kwargs))

    return waiting


def _iterates(
    method: Callable[Concatenate[AsyncClient, P], AsyncIterator[T]],
) -> Callable[Concatenate["Client", P], Iterator[T]]:
    @wraps(method)
    def iterating(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        items = method(self._client, *args, **kwargs)
        try:
            while (item := self._run(_next(items))) is not None:
                yield item
        finally:
            if self._thread.is_alive():  # else the client was closed first, and its streams with it
                self._run(_closed(items))

    return iterating


class Client:
    """A service of Cutout Shotgun; see AsyncClient. Several threads may use one at a time."""

    def __init__(
        self,
        url: str = "http://localhost:8000",
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        tries: int = TRIES,
    ) -> None:
        self._client = AsyncClient(url, api_key, timeout_s, tries)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cutout-client", daemon=True)
        self._thread.start()

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
    job = _waits(AsyncClient.job)
    wait = _waits(AsyncClient.wait)
    cancel = _waits(AsyncClient.cancel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a second time does nothing."""
        if self._thread.is_alive():
            self._run(self._client.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return running.result()
        finally:
            running.cancel()  # Ctrl-C reaches this thread alone; what is done already cannot be cancelled


async def _next(items: AsyncIterator[T]) -> T | None:
    return await anext(items, None)


async def _closed(items: AsyncIterator[Any]) -> None:
    await items.aclose()  # type: ignore[attr-defined] # AsyncClient.stream is a generator
