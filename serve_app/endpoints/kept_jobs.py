"""Jobs that have ended and whose cutouts are stored: what compose and edit work on."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from starlette.requests import Request

from cutout.accounts.keys import KeyRecord
from cutout.errors import Conflict, NotFound
from cutout.results import Cutout
from serve_app.jobs.jobs import Jobs
from serve_app.jobs.state import JobState
from serve_app.storage.edits import Edits, edited_name
from serve_app.storage.kept import CachedCutout, CachedJob
from serve_app.storage.pictures import JOB_ID, PictureStore

Find: TypeAlias = Callable[[str], Awaitable[CachedJob]]
"""Finds the cutouts of an answered request by its job's id, or raises NotFound: CutoutCache.find."""


GONE = "The picture of this job is no longer stored, and this needs it"


class KeptJobs:
    """Finds the stored cutouts of answered requests and of durable jobs."""

    def __init__(self, answered: Find, jobs: Jobs, store: PictureStore) -> None:
        self._answered = answered
        self._jobs = jobs
        self._store = store
        self._edits = Edits(store)

    async def of(self, request: Request) -> CachedJob:
        """The job of the address, if the caller may use it.

        Raises:
            NotFound: no such job, or another key's.
            Conflict: it has not ended.
        """
        job_id: str = request.path_params["job_id"]
        if not JOB_ID.fullmatch(job_id):
            raise NotFound("No such job")
        state = await self._jobs.state(job_id)
        kept = cached(state) if state else await self._answered(job_id)
        key: KeyRecord | None = request.state.key
        if kept.key_id and kept.key_id != (key.id if key else None):
            raise NotFound("No such job; it may have been swept")
        if state and not state.ended:
            raise Conflict("This job has not ended yet; its cutouts can be used when it has")
        edit = await self._edits.find(job_id, kept.suffix)
        if edit is None:
            return kept
        return replace(kept, cutouts=(*kept.cutouts, CachedCutout(edit.cutout, edited_name(kept.suffix))))

    async def sent(self, kept: CachedJob) -> bytes:
        """The picture file that was sent; raises NotFound where it is not stored, or no longer."""
        try:
            return await self._store.get(kept.job_id, kept.picture)
        except NotFound as swept:
            raise NotFound(GONE) from swept


def cached(state: JobState) -> CachedJob:
    """The whole cutouts of a durable job, and the picture that was sent."""
    order = state.order
    good = [one.outcome for one in state.results if isinstance(one.outcome, Cutout)]
    cutouts = tuple(CachedCutout(cutout, order.whole_name(cutout.model_id)) for cutout in good)
    key_id = order.key.id if order.key else None
    known = (order.job_id, key_id, order.factor, order.size, cutouts, order.picture, order.removal)
    return CachedJob(*known, suffix="", method=order.method)
