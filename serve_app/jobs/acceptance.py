"""Acceptance of a durable job: its pictures are stored, and its order is enqueued."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from starlette.requests import Request

from cutout.accounts.rate_limit import JobSlot
from cutout.jobs import Enlargement, Job
from cutout.pixels.picture import Picture
from cutout.service import JobsSpec
from fetching.guard import checked_url
from serve_app.contract.webhook_signature import FIELD
from serve_app.jobs.batches.batch import Batches
from serve_app.jobs.jobs import Jobs
from serve_app.jobs.request_pictures import INPUT, RequestPictures
from serve_app.jobs.state import JobState, Order
from serve_app.jobs.stored_options import StoredEnlargement
from serve_app.jobs.webhooks.sender import receivers
from serve_app.requests.asked import Asked, Later
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer


class Worker(Jobs, Batches, Protocol):
    """Both interfaces of the one worker."""


@dataclass(frozen=True, slots=True)
class Durable:
    """What durable jobs need, besides a Shotgun."""

    worker: Worker
    store: PictureStore
    signer: Signer


Complete: TypeAlias = Callable[[Asked], Awaitable[Job[bytes] | Enlargement]]
"""Selects the models and fetches the pictures of a request: Inputs.complete."""
Decode: TypeAlias = Callable[[Job | Enlargement], Awaitable[Picture]]
"""Decodes a job's picture, and refuses what could not be made of it: Shotgun.decoded."""


class Acceptance:
    """Turns requests into durable jobs."""

    def __init__(self, complete: Complete, decode: Decode, durable: Durable, spec: JobsSpec) -> None:
        self._complete = complete
        self._decode = decode
        self._worker = durable.worker
        self._signer = durable.signer
        self._receivers = receivers(spec.webhook)
        self._pictures = RequestPictures(durable.store, keeps_picture=spec.compose_s > 0)

    async def accept(self, request: Request, asked: Asked, later: Later, base_url: str) -> JobState:
        """Store a request's pictures, and enqueue its job.

        Args:
            request: its slot among the caller's jobs is handed over to the job.
            asked: the request; its id becomes the job's.
            later: its delivery.
            base_url: prefix of the addresses in its webhook; empty without one.

        Raises:
            CutoutError: as Inputs.complete and Shotgun.decoded, before anything is accepted.
        """
        created_at = time.time()
        if later.webhook_url:
            await self._receivers.check(checked_url(later.webhook_url, FIELD))
        job = await self._complete(asked)
        picture = await self._decode(job)
        slot: JobSlot | None = request.scope["state"].get("slot")
        order = Order(
            job_id=job.id,
            created_at=created_at,
            key=asked.key,
            fingerprint=later.fingerprint,
            picture=await self._pictures.put(job.id, INPUT, job.image),
            size=picture.size,
            thumbnail=None if isinstance(job, Enlargement) else await self._pictures.put_thumbnail(job.id, picture),
            output_format=asked.reply.output_format,
            base_url=base_url,
            slot=slot,
            webhook_url=later.webhook_url,
            sealed_secret=self._signer.sealed(later.webhook_secret) if later.webhook_secret else None,
            **await self._work(job),
        )
        state = await self._worker.accept(order)
        if slot and state.order.slot == slot:
            del request.scope["state"]["slot"]  # the job's from now on, which may outlive its request
        return state

    async def _work(self, job: Job | Enlargement) -> dict[str, Any]:
        """The order's fields that only cutouts have, or only an enlargement."""
        if isinstance(job, Enlargement):
            return {"enlargement": StoredEnlargement(job.factor, job.preserve_alpha, job.method)}
        finish = await self._pictures.put_finish(job.id, job.output.finish) if job.output.finish else None
        made = {"factor": job.output.factor, "method": job.output.method, "finish": finish}
        return {"selection": job.selection, "terms": job.terms, "removal": job.removal, **made}
