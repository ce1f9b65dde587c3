"""Acceptance of a batch: its pictures are listed, its models chosen, its cost checked, and its order enqueued."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request

from cutout.accounts.rate_limit import JobSlot
from cutout.errors import MissingImage
from cutout.jobs import Terms, new_id
from cutout.pixels.finish import Finish
from cutout.service import JobsSpec
from fetching.guard import checked_url
from serve_app.contract.webhook_signature import FIELD
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import estimate_usd, select_models
from serve_app.jobs.batches.batch import Batches, BatchOrder, BatchState
from serve_app.jobs.request_pictures import RequestPictures
from serve_app.jobs.stored_options import StoredFinish
from serve_app.jobs.webhooks.sender import receivers
from serve_app.requests.amounts import check_amount
from serve_app.requests.asked import AskedBatch, AskedFinish, BatchItem
from serve_app.requests.item_names import item_name
from serve_app.storage.signing import Signer
from serve_app.storage.sources import Sources

DecodeFinish: TypeAlias = Callable[[AskedFinish], Awaitable[Finish | None]]
"""Completes a finish by its background's picture: Inputs.finish."""


class BatchAcceptance:
    """Turns requests into batches."""

    def __init__(
        self,
        decoded: DecodeFinish,
        statuses: ModelStatuses,
        batches: Batches,
        pictures: RequestPictures,
        signer: Signer,
        *,
        spec: JobsSpec,
    ) -> None:
        self._decoded = decoded
        self._statuses = statuses
        self._batches = batches
        self._signer = signer
        self._pictures = pictures
        self._receivers = receivers(spec.webhook)
        self._sources = Sources(spec.batch.sources)
        self._spec = spec.batch

    async def accept(self, request: Request, asked: AskedBatch, base_url: str) -> BatchState:
        """Enqueue a batch; its slot among the caller's jobs is handed over to it.

        Raises:
            Forbidden, ModelUnavailable, ValidationError: as `select_models`; a source or a prefix that is none.
            ImageTooLarge: more than a batch may have.
            NotFetched, InvalidFormat: a background that cannot be fetched or read.
        """
        if asked.webhook_url:
            await self._receivers.check(checked_url(asked.webhook_url, FIELD))
        items = asked.items if asked.source is None else await self._listed(asked.source, asked.prefix)
        selection = select_models(asked.models, asked.terms, self._statuses, asked.key, pictures=len(items))
        finish = await self._finish(asked)
        slot: JobSlot | None = request.scope["state"].get("slot")
        order = BatchOrder(
            batch_id=asked.id,
            created_at=time.time(),
            key=asked.key,
            fingerprint=asked.fingerprint,
            items=items,
            source=asked.source or "",
            selection=selection,
            price_usd=estimate_usd(selection, self._statuses.specs),
            max_cost_usd=asked.terms.max_cost_usd,
            output_format=asked.output_format,
            factor=asked.factor,
            method=asked.method,
            terms=Terms(None, asked.terms.deadline_s, asked.terms.local_only, asked.terms.commercial_only),
            removal=asked.removal,
            finish=finish,
            base_url=base_url,
            slot=slot,
            webhook_url=asked.webhook_url,
            sealed_secret=self._signer.sealed(asked.webhook_secret) if asked.webhook_secret else None,
        )
        state = await self._batches.accept_batch(order)
        if slot and state.order.slot == slot:
            del request.scope["state"]["slot"]  # the batch's from now on
        return state

    async def _listed(self, source: str, prefix: str) -> tuple[BatchItem, ...]:
        """The pictures of a source."""
        found = await self._sources.found(source, prefix, self._spec.most_items)
        if not found:
            raise MissingImage("prefix: a folder with pictures is expected", {"field": "prefix"})
        check_amount("prefix", self._spec, len(found), sum(found.values()))
        below = f"{prefix.strip('/')}/"
        named = ((item_name(path.removeprefix(below), number), path) for number, path in enumerate(found, 1))
        return tuple(BatchItem(new_id(), name, "object", path) for name, path in named)

    async def _finish(self, asked: AskedBatch) -> StoredFinish | None:
        finish = await self._decoded(asked.finish)
        return await self._pictures.put_finish(asked.id, finish) if finish else None
