"""The files of a request for a batch, stored as they arrive; deleted again where no batch has come of them."""

import asyncio
import logging

from cutout.errors import CutoutError
from serve_app.jobs.batches.batch import BatchState
from serve_app.jobs.request_pictures import INPUT, RequestPictures, picture_name
from serve_app.storage.pictures import PictureStore

logger = logging.getLogger(__name__)


class Uploads:
    """Those of one request; without a store they are only named, as a repeated request needs."""

    def __init__(self, store: PictureStore | None) -> None:
        self._store = store
        self._jobs = list[str]()

    async def keep(self, job_id: str, picture: bytes) -> str:
        """Store the picture of a job; its name in the store."""
        if self._store is None:
            return await asyncio.to_thread(picture_name, INPUT, picture)
        self._jobs.append(job_id)
        return await RequestPictures(self._store, keeps_picture=True).put(job_id, INPUT, picture)

    async def drop(self, taken_by: BatchState | None = None) -> None:
        """Delete those that no batch has taken."""
        if self._store is None:
            return
        taken = {item.job_id for item in taken_by.order.items} if taken_by else set[str]()
        left = [job_id for job_id in self._jobs if job_id not in taken]
        try:
            for job_id in left:
                await self._store.drop_job(job_id)
        except CutoutError as away:
            logger.warning("%d pictures of a refused batch are left for the sweep: %s", len(left), away.message)
