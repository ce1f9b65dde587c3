"""Delivery of webhooks: attempts with growing gaps for a day, and the outcome of each."""

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import asdict
from random import uniform
from typing import Any

from dbos import DBOS, WorkflowStatus

from cutout.errors import CutoutError, InternalError
from cutout.models.spec import ModelSpec
from cutout.service import JobsSpec
from cutout.telemetry.metrics import SPAN_SECONDS, Instruments
from serve_app.jobs.batches.batch import BatchOrder
from serve_app.jobs.batches.bodies import batch_payload
from serve_app.jobs.batches.reading import batch_order_of, known_batch
from serve_app.jobs.execution import workflows
from serve_app.jobs.parts import parts
from serve_app.jobs.reading import known_state, order_of
from serve_app.jobs.state import JobState, Order
from serve_app.jobs.webhooks.attempts import Attempt, Delivery
from serve_app.jobs.webhooks.sender import Sender
from serve_app.responses.bodies import comparison_body
from serve_app.responses.errors import error_body
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer

ATTEMPT = "attempt"
JITTER = 0.2
"""Most that is added to a wait at random, as a share of it."""
EVENTS = {"failed": "job_failed", "cancelled": "job_cancelled"}


class Deliveries:
    """The webhooks of all jobs and batches.

    A delivery is a workflow `<job id>.webhook.<n>`, or that of a batch; its steps are its attempts.
    """

    def __init__(
        self,
        spec: JobsSpec,
        models: Mapping[str, ModelSpec],
        store: PictureStore,
        signer: Signer,
        sender: Sender,
        *,
        instruments: Instruments,
    ) -> None:
        self._spec = spec
        self._models = models
        self._store = store
        self._signer = signer
        self._sender = sender
        self._instruments = instruments

    async def begin(self, job_id: str) -> None:
        """Start the first delivery; called by a workflow of the job, possibly more than once."""
        await workflows.enqueue(workflows.WEBHOOK, workflows.WEBHOOKS, f"{job_id}.webhook.1", job_id)

    async def begin_again(self, job_id: str) -> None:
        """Start another delivery; an earlier one that is still pending is cancelled."""
        earlier = await self._all(job_id)
        await DBOS.cancel_workflows_async([w.workflow_id for w in earlier if w.status in workflows.ACTIVE])
        number = len(earlier) + 1
        await workflows.enqueue(workflows.WEBHOOK, workflows.WEBHOOKS, f"{job_id}.webhook.{number}", job_id)

    async def of(self, job_id: str) -> Delivery | None:
        """The delivery of a job's webhook so far; None when there is none yet."""
        deliveries = await self._all(job_id)
        if not deliveries:
            return None
        tried = [await _attempts(delivery.workflow_id) for delivery in deliveries]
        last = tried[-1][-1] if tried[-1] else None
        pending = deliveries[-1].status in workflows.ACTIVE and not (last and last.final)
        delivered = last is not None and last.reason is None
        attempts = tuple(attempt for one in tried for attempt in one)
        return Delivery("pending" if pending else "delivered" if delivered else "failed", attempts)

    async def deliver(self, job_id: str) -> None:
        """All attempts of one delivery. Gaps survive restarts: time that has passed is not waited for again."""
        wanted_s = 0.0
        for gap_s in (0, *self._spec.webhook.gaps_s):
            await DBOS.sleep_async(self._wait_s(gap_s, wanted_s))
            attempt = Attempt(**await workflows.step(ATTEMPT, self._attempt, job_id))
            if attempt.final:
                return
            wanted_s = attempt.retry_after_s or 0.0

    def _wait_s(self, gap_s: float, wanted_s: float) -> float:
        """Seconds until the next attempt: the gap, or the receiver's Retry-After, plus a small random part.

        The random part spreads the attempts of many jobs over time when a receiver is back. Its Retry-After delays an
        attempt by no more than the longest gap.
        """
        longest_s = max(gap_s, min(wanted_s, max(self._spec.webhook.gaps_s, default=0.0)))
        return longest_s * uniform(1, 1 + JITTER)  # noqa: S311 - spreads calls, hides nothing

    async def _attempt(self, job_id: str) -> dict[str, Any]:
        order = await order_of(job_id) or await batch_order_of(job_id)
        if order is None or order.webhook_url is None:
            raise RuntimeError(f"job {job_id} has no webhook")
        try:
            secret = self._secret(order)
            if isinstance(order, BatchOrder):
                payload = batch_payload(await known_batch(job_id))
            else:
                payload = await self._payload(await known_state(job_id))
        except CutoutError as error:  # the store is unavailable, or the secret is no longer known
            return asdict(Attempt(time.time(), None, error.message))
        with self._instruments.timed(SPAN_SECONDS, span="post"):
            return asdict(await self._sender.send(order.webhook_url, secret, f"msg_{job_id}", payload))

    def _secret(self, order: Order | BatchOrder) -> str | None:
        if order.sealed_secret:
            return self._signer.opened(order.sealed_secret)
        return order.webhook_secret if isinstance(order, Order) else None

    async def _all(self, job_id: str) -> list[WorkflowStatus]:
        """A job's deliveries, the first one first."""
        found = await DBOS.list_workflows_async(
            workflow_id_prefix=f"{job_id}.webhook.", load_input=False, load_output=False
        )
        return sorted(found, key=lambda delivery: int(delivery.workflow_id.rpartition(".")[2]))

    async def _payload(self, state: JobState) -> dict[str, Any]:
        """The contract's body without its signature, followed by the fields that this service adds."""
        return {
            "event": EVENTS.get(state.phase, "job_completed"),
            "job_id": state.order.job_id,
            "results": await self._results(state),
            "status": state.phase,
            "total_cost_usd": state.result.total_cost_usd,
            "skipped": state.result.skipped,
            **comparison_body(state.comparison),
            **(error_body(InternalError(state.error)) if state.error else {}),
        }

    async def _results(self, state: JobState) -> list[dict[str, Any]]:
        """The results, each picture by its address, and as base64 if all of them together are small."""
        job_id, base_url = state.order.job_id, state.order.base_url
        dropped = await self._store.dropped(job_id)  # attempts may go on for a day
        done = [part.addressed(self._signer, base_url) for part in parts(state, self._models, dropped=dropped)]
        names = [part.files["image"] if part.there else None for part in done]
        sizes = [await self._store.size_bytes(job_id, name) for name in names if name]
        if sum(sizes) > self._spec.webhook.inline_bytes:
            return [part.body for part in done]
        pictures = [await self._store.get(job_id, name) if name else None for name in names]
        texts = await asyncio.to_thread(lambda: [p and base64.b64encode(p).decode() for p in pictures])
        return [{**part.body, "image_base64": text} for part, text in zip(done, texts, strict=True)]


async def _attempts(delivery_id: str) -> list[Attempt]:
    steps = await DBOS.list_workflow_steps_async(delivery_id)
    return [Attempt(**step["output"]) for step in steps if step["function_name"] == ATTEMPT and step["output"]]
