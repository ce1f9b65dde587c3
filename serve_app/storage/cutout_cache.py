"""Whole cutouts in the picture store, from which another finish can be made, and the cache of answered requests."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass

from pydantic import TypeAdapter

from cutout.cascade import Step
from cutout.errors import CutoutError, NotFound
from cutout.jobs import Job
from cutout.models.selection import ModelSelection
from cutout.pixels.plain import EnlargingMethod, Size
from cutout.removal import AS_USUAL, Removal
from cutout.results import Cutout, CutoutFile, ModelResult, Result
from serve_app.fanout.fan_out import Enough, Run, Watcher
from serve_app.storage.kept import INPUT, CachedCutout, CachedJob
from serve_app.storage.pictures import SUFFIX, PictureStore

logger = logging.getLogger(__name__)
METADATA = f"job.card{SUFFIX}"
"""Name of a request's metadata; a model's id has no dot."""
PUT_S = 2.0
"""Longest that a response waits for its cutouts to be stored."""


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What is stored of an answered request beside its cutouts."""

    at: float
    """Unix time, in seconds."""
    key_id: str | None
    factor: int | None
    input_size: Size
    results: tuple[ModelResult, ...]
    removal: Removal = AS_USUAL
    method: EnlargingMethod = "lanczos"


_METADATA = TypeAdapter(_Metadata)


class CutoutCache:
    """Caches the cutouts of jobs for `keep_s` seconds; with 0, or without a store, none."""

    def __init__(self, run: Run, store: PictureStore | None, keep_s: float) -> None:
        self._run = run
        self._store = store
        self._keep_s = keep_s

    @property
    def keeps(self) -> bool:
        """Whether cutouts are cached."""
        return self._store is not None and self._keep_s > 0

    async def run(self, job: Job, watcher: Watcher | None = None, enough: Enough | None = None) -> Result[CutoutFile]:
        """As Shotgun.run; returns when the cutouts are stored, or could not be, which harms no answer."""
        if not (self._store and job.output.keep_whole):
            return await self._run(job, watcher, enough)
        storing = _Storing(job, self._store, watcher)
        result = await self._run(job, storing, enough)
        await storing.ended(result)
        return result

    async def find(self, job_id: str) -> CachedJob:
        """The cutouts of an answered request.

        Raises:
            NotFound: there are none, or they have expired.
        """
        gone = (
            f"No such job, or its cutouts are no longer kept; they are for {self._keep_s:g} s after the answer at most"
        )
        if not (self._store and self.keeps):
            raise NotFound("No such job; this service keeps no cutouts of answered requests")
        try:
            data = _METADATA.validate_json(await self._store.get(job_id, METADATA))
        except NotFound as missing:
            raise NotFound(gone) from missing
        if data.at + self._keep_s < time.time():
            raise NotFound(gone)
        found = [one.outcome for one in data.results if isinstance(one.outcome, Cutout)]
        cutouts = tuple(CachedCutout(cutout, cutout.model_id + SUFFIX) for cutout in found)
        known = (job_id, data.key_id, data.factor, data.input_size, cutouts)
        return CachedJob(*known, removal=data.removal, method=data.method)


class _Storing:
    """A watcher that stores each cutout as it comes, and tells another watcher."""

    def __init__(self, job: Job, store: PictureStore, watcher: Watcher | None) -> None:
        self._job = job
        self._store = store
        self._watcher = watcher
        self._puts: list[asyncio.Task[bool]] = []

    def started(self, selection: ModelSelection, size: Size) -> None:
        if self._watcher:
            self._watcher.started(selection, size)

    def stepped(self, step: Step) -> None:
        if self._watcher:
            self._watcher.stepped(step)

    def finished(self, result: ModelResult[CutoutFile]) -> None:
        if isinstance(file := result.outcome, CutoutFile):
            self._put_input()
            whole = file.encoded if file.whole is None else file.whole
            self._put(result.model_id + SUFFIX, whole)
        if self._watcher:
            self._watcher.finished(result)

    def _put_input(self) -> None:
        """The picture that was sent, with the first cutout: it is needed where a cutout is."""
        if not self._puts and isinstance(self._job.image, bytes):
            self._put(INPUT, self._job.image)

    def _put(self, name: str, data: bytes) -> None:
        put = self._store.put(self._job.id, name, data)
        self._puts.append(asyncio.create_task(_unless_away(put)))

    async def ended(self, result: Result) -> None:
        """Store the metadata, once all cutouts are stored; without it nothing is found."""
        if self._puts and all(await asyncio.gather(*self._puts)):
            key_id, output = self._job.key.id if self._job.key else None, self._job.output
            good = tuple(filter(_is_good, result.results))
            facts = (key_id, output.factor, result.input_size, good, self._job.removal, output.method)
            metadata = _Metadata(time.time(), *facts)
            await _unless_away(self._store.put(self._job.id, METADATA, _METADATA.dump_json(metadata)))


async def _unless_away(put: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(PUT_S):
            await put
    except (CutoutError, TimeoutError) as away:
        reason = f"the store took longer than {PUT_S:g} s" if isinstance(away, TimeoutError) else away
        logger.warning("A cutout could not be kept: %s", reason)
        return False
    return True


def _is_good(result: ModelResult) -> bool:
    return isinstance(result.outcome, Cutout)
