"""Cutouts kept whole, so that another finish can be made from them: those of answered requests, and of durable jobs."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from typing import Any, Self

from cutout.errors import CutoutError, NotFound
from cutout.jobs import Cutout, Job, ModelResult, Result
from cutout.models.selection import ModelSelection
from cutout.pixels.types import Size
from serve_app.fanout.shotgun import Enough, Shotgun, Watcher
from serve_app.jobs.state import JobState, packed, unpacked
from serve_app.storage.pictures import PictureStore

logger = logging.getLogger(__name__)
SUFFIX = ".kept"
"""Ends the name of everything that is kept of a request which is no durable job."""
CARD = f"job.card{SUFFIX}"
"""Name of what is said of such a job; a model's id has no dot."""
PUT_S = 2.0
"""Longest that an answer waits for its cutouts to be kept."""


@dataclass(frozen=True, slots=True)
class CachedCutout:
    """A job that has ended, and whose whole cutouts are in the store."""

    job_id: str
    key_id: str | None
    """Of the API key that made it, and that alone may use it."""
    factor: int | None
    input_size: Size
    results: tuple[ModelResult, ...]
    """Its successes, without pictures."""
    names: dict[str, str]
    """Each model's whole cutout in the store."""

    @classmethod
    def of_state(cls, state: JobState) -> Self:
        """Of a durable job that has ended."""
        order, good = state.order, _good(state.results)
        names = {one.model_id: order.whole_name(one.model_id) for one in good}
        return cls(order.job_id, order.key.id if order.key else None, order.factor, order.size, good, names)

    @classmethod
    def of_data(cls, job_id: str, data: dict[str, Any]) -> Self:
        """Of the answered request that `_data` wrote down."""
        results = tuple(map(unpacked, data["results"]))
        names = {one.model_id: one.model_id + SUFFIX for one in results}
        return cls(job_id, data["key_id"], data["factor"], Size(**data["input_size"]), results, names)


class CutoutCache:
    """A shotgun that keeps the cutouts of its jobs for `keep_s` seconds; with 0, or without a store, none."""

    def __init__(self, shotgun: Shotgun, store: PictureStore | None, keep_s: float) -> None:
        self.registry = shotgun.registry
        self._shotgun = shotgun
        self._store = store
        self._keep_s = keep_s

    @property
    def keeps(self) -> bool:
        """Whether cutouts are kept."""
        return self._store is not None and self._keep_s > 0

    async def run(self, job: Job, watcher: Watcher | None = None, enough: Enough | None = None) -> Result:
        """As Shotgun.run; returns when the cutouts are kept, or could not be, which harms no answer."""
        if not (self._store and job.output.keep_whole):
            return await self._shotgun.run(job, watcher, enough)
        keeping = _Keeping(job, self._store, watcher)
        result = await self._shotgun.run(job, keeping, enough)
        await keeping.ended(result)
        return result

    async def kept(self, job_id: str) -> CachedCutout:
        """What is kept of an answered request.

        Raises:
            NotFound: nothing, or nothing any more.
        """
        gone = (
            f"No such job, or its cutouts are no longer kept; they are for {self._keep_s:g} s after the answer at most"
        )
        if not (self._store and self.keeps):
            raise NotFound("No such job; this service keeps no cutouts of answered requests")
        try:
            data = json.loads(await self._store.get(job_id, CARD))
        except NotFound as missing:
            raise NotFound(gone) from missing
        if data["at"] + self._keep_s < time.time():
            raise NotFound(gone)
        return CachedCutout.of_data(job_id, data)


class _Keeping:
    """A watcher that keeps each cutout as it comes, and passes on what it sees."""

    def __init__(self, job: Job, store: PictureStore, watcher: Watcher | None) -> None:
        self._job = job
        self._store = store
        self._watcher = watcher
        self._puts: list[asyncio.Task[bool]] = []

    def started(self, selection: ModelSelection, size: Size) -> None:
        if self._watcher:
            self._watcher.started(selection, size)

    def finished(self, result: ModelResult) -> None:
        outcome = result.outcome
        if isinstance(outcome, Cutout) and (whole := outcome.whole or outcome.encoded):
            put = self._store.put(self._job.id, result.model_id + SUFFIX, whole)
            self._puts.append(asyncio.create_task(_unless_away(put)))
        if self._watcher:
            self._watcher.finished(result)

    async def ended(self, result: Result) -> None:
        """Write the job down, once all of its cutouts are kept; one that is not, is not told of."""
        if self._puts and all(await asyncio.gather(*self._puts)):
            card = json.dumps(_data(self._job, result)).encode()
            await _unless_away(self._store.put(self._job.id, CARD, card))


async def _unless_away(put: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(PUT_S):
            await put
    except (CutoutError, TimeoutError) as away:
        logger.warning("A cutout could not be kept: %s", away or f"the store took longer than {PUT_S:g} s")
        return False
    return True


def _data(job: Job, result: Result) -> dict[str, Any]:
    return {
        "at": time.time(),
        "key_id": job.key.id if job.key else None,
        "factor": job.output.factor,
        "input_size": asdict(result.input_size),
        "results": [packed(one) for one in _good(result.results)],
    }


def _good(results: tuple[ModelResult, ...]) -> tuple[ModelResult, ...]:
    return tuple(one for one in results if isinstance(one.outcome, Cutout))
