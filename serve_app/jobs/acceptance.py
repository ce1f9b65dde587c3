"""A request becomes a durable job: what is refused at once, what is kept, and the order that is given."""

import asyncio
import hashlib
import time
from dataclasses import dataclass, replace
from typing import Any, Protocol

from starlette.requests import Request

from cutout.accounts.keys import KeyRecord
from cutout.errors import ValidationError
from cutout.jobs import Job
from cutout.pixels.finish import Finish
from cutout.pixels.picture import Picture
from cutout.removal import Removal
from fetching.fetch import Fetcher
from fetching.guard import checked_url
from serve_app.contract import DurableForm, FinishForm
from serve_app.fanout.selection import ModelSelection, choose
from serve_app.fanout.shotgun import Shotgun
from serve_app.fanout.winner import check_single
from serve_app.jobs.state import Delivery, JobState, Order
from serve_app.jobs.webhooks import FIELD, SECRET_FIELD, check_secret, receivers
from serve_app.requests.accept import Reply
from serve_app.requests.finish import Finishes, background_file, kept_finish
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer

NONE = ModelSelection((), {}, {})
"""Of a job that runs no model."""


class Worker(Protocol):
    """jobs.py, wherever it lives; it says what each method raises. Also ServiceUnavailable while it is away."""

    async def accept(self, order: Order) -> JobState:
        """Keep a job."""

    async def state(self, job_id: str) -> JobState | None:
        """How far it is."""

    async def changed(self, job_id: str, progress: int) -> JobState | None:
        """How far it is, when it has gone further."""

    async def cancel(self, job_id: str) -> JobState:
        """End it."""

    async def delivery(self, job_id: str) -> Delivery | None:
        """What became of its webhook."""

    async def redeliver(self, job_id: str) -> None:
        """Send its webhook once more."""


@dataclass(frozen=True, slots=True)
class Durable:
    """What durable jobs need beside a shotgun."""

    worker: Worker
    store: PictureStore
    signer: Signer


class Acceptance:
    """Takes the orders of durable jobs."""

    def __init__(self, shotgun: Shotgun, fetcher: Fetcher, finishes: Finishes, durable: Durable) -> None:
        self._shotgun = shotgun
        self._fetcher = fetcher
        self._finishes = finishes
        self._worker = durable.worker
        self._store = durable.store
        self._signer = durable.signer
        self._receivers = receivers(shotgun.registry.service.jobs.webhook)

    async def accept(
        self, request: Request, form: DurableForm, job: Job, wanted: str, *, base_url: str, single: bool
    ) -> JobState:
        """Keep a job, its picture and its background.

        Args:
            request: whose slot among the caller's jobs is the job's from now on.
            form: its fields, checked.
            job: the picture is empty when it is to be fetched.
            wanted: the request's fingerprint.
            base_url: what the addresses in its webhook begin with; empty without one.
            single: one picture is wanted, so that more than one model is refused.

        Raises:
            CutoutError: as Shotgun.run, before anything is accepted.
        """
        created_at = time.time()
        if form.webhook_url:
            await self._receivers.check(checked_url(form.webhook_url, FIELD))
        selection = NONE if job.enlarges else choose(job.models, job.terms, self._shotgun.statuses, job.key)
        if single and not job.enlarges:
            check_single(selection.models, None)
        image = await self._fetcher.fetch(form.image_url) if form.image_url else job.image
        if isinstance(form, FinishForm):
            job = replace(job, finish=await self._finishes.of(form))
        checked = await self._shotgun.decoder.decode(
            image, job.image_field, lambda size: self._shotgun.check_result(job, size)
        )
        picture = await self._put(job.id, "input", image)
        slot = request.scope["state"].get("slot")
        state = await self._worker.accept(
            Order(
                job_id=job.id,
                created_at=created_at,
                key=caller_key(request),
                fingerprint=wanted,
                asked=job.models,
                models=selection.models,
                skipped=selection.skipped,
                picture=picture,
                size=checked.size,
                output_format=job.output_format,
                factor=job.factor,
                deadline_s=job.terms.deadline_s,
                base_url=base_url,
                slot=slot,
                finish=await self._put_finish(job.id, job.finish) if job.finish else None,
                transparency=(job.removal or Removal()).transparency,
                refine=(job.removal or Removal()).refine,
                preserve_alpha=job.preserve_alpha,
                webhook_url=form.webhook_url,
                sealed_secret=self._signer.sealed(form.webhook_secret) if form.webhook_secret else None,
            )
        )
        if slot and state.order.slot == slot:
            del request.scope["state"]["slot"]  # the job's from now on, which may outlive its request
        return state

    async def _put_finish(self, job_id: str, finish: Finish) -> dict[str, Any]:
        """The finish as it is kept, its background's picture in the store."""
        if not isinstance(finish.background, Picture):
            return kept_finish(finish, None)
        behind = await asyncio.to_thread(background_file, finish.background)
        return kept_finish(finish, await self._put(job_id, "background", behind))

    async def _put(self, job_id: str, what: str, picture: bytes) -> str:
        """A picture's name in the store, where it now is: by its content, so that no other request can change it."""
        name = f"{what}_{hashlib.sha256(picture).hexdigest()}"
        await self._store.put(job_id, name, picture)
        return name


def check_form(form: DurableForm, reply: Reply) -> None:
    """Refuse fields of a request that do not go together, durable or not; raises ValidationError, naming the field."""
    if form.response_format != "base64" and reply.kind in ("picture", "zip"):
        message = f"response_format: {form.response_format} is of JSON, and Accept takes none"
        raise ValidationError.of_field("response_format", message, form.response_format)
    if form.webhook_url is not None:
        checked_url(form.webhook_url, FIELD)
    if form.webhook_secret is not None:
        if form.webhook_url is None:
            raise ValidationError.of_field(SECRET_FIELD, f"{SECRET_FIELD}: a webhook_url is expected with it")
        check_secret(form.webhook_secret)


def caller_key(request: Request) -> KeyRecord | None:
    """The caller's API key, where keys are wanted."""
    key: KeyRecord | None = request.scope.get("state", {}).get("key")
    return key
