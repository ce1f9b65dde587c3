"""A job's events as they happen: server-sent events, or one JSON object a line.

`started` when the models start, `finished` or `failed` as each model ends, with its object of the JSON contract, then
`summary`: the whole body without pictures, which were sent before. With `auto`, `step` comes before each round, with
the models that run now, at last none, and the reason. An error before any model starts is a plain HTTP error.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse

from cutout.cascade import Step
from cutout.errors import CutoutError, InternalError
from cutout.jobs import Job
from cutout.models.combination import name_of
from cutout.models.selection import ModelSelection
from cutout.models.spec import ModelSpec
from cutout.pixels.plain import Size
from cutout.results import Cutout, ModelResult, Result
from serve_app.fanout.fan_out import Run
from serve_app.requests.accept import NDJSON, SSE
from serve_app.responses.bodies import job_body, json_parts, model_body
from serve_app.responses.errors import error_body

HEARTBEAT_S = 10.0
"""Longest time without a byte: proxies close idle connections."""
LAST = ("summary", "error")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a job, with its JSON; `silence` when there was none for HEARTBEAT_S."""

    name: str
    body: Any = None

    def written(self, media_type: str) -> bytes:
        """The event as bytes."""
        if self.name == "silence":
            return b": \n\n" if media_type == SSE else b"\n"
        if media_type == NDJSON:
            return b"".join([*json_parts({"event": self.name, **self.body}), b"\n"])
        return b"".join([b"event: ", self.name.encode(), b"\ndata: ", *json_parts(self.body), b"\n\n"])


async def stream_response(job: Job, run: Run, specs: Mapping[str, ModelSpec], media_type: str) -> Response:
    """Run a job and stream its events; a caller who disconnects cancels the job. Raises as `run` does."""
    events = _Events(job, specs)
    running = asyncio.create_task(run(job, events))
    running.add_done_callback(events.ended)
    first = await events.next()
    if first.name == "error":
        running.result()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_lines(first, events, running, media_type), 200, headers, media_type)


class _Events:
    """A watcher that queues events until they are sent."""

    def __init__(self, job: Job, specs: Mapping[str, ModelSpec]) -> None:
        self._job = job
        self._specs = specs
        self._size = Size(0, 0)
        self._queue: asyncio.Queue[Event] = asyncio.Queue()

    def started(self, selection: ModelSelection, size: Size) -> None:
        self._size = size
        models = [{"model_id": name, "model_name": name_of(name, self._specs)} for name in selection.result_ids]
        body = {
            "job_id": self._job.id,
            "models": models,
            "skipped": selection.skipped,
            "input_dimensions": asdict(size),
        }
        self._queue.put_nowait(Event("started", body))

    def stepped(self, step: Step) -> None:
        self._queue.put_nowait(Event("step", asdict(step)))

    def finished(self, result: ModelResult) -> None:
        name = "finished" if isinstance(result.outcome, Cutout) else "failed"
        self._queue.put_nowait(Event(name, model_body(self._job.output, result, self._specs, self._size)))

    def ended(self, running: asyncio.Task[Result]) -> None:
        if not running.cancelled():
            self._queue.put_nowait(self._error(fault) if (fault := running.exception()) else self._summary(running))

    async def next(self) -> Event:
        try:
            return await asyncio.wait_for(self._queue.get(), HEARTBEAT_S)
        except TimeoutError:
            return Event("silence")

    def _summary(self, running: asyncio.Task[Result]) -> Event:
        body = job_body(self._job.output, running.result(), self._specs)
        return Event("summary", {**body, "results": [without_pictures(one) for one in body["results"]]})

    def _error(self, fault: BaseException) -> Event:
        if not isinstance(fault, CutoutError):
            logger.error("Unhandled exception", exc_info=fault)
            fault = InternalError("The service failed; its log has the reason")
        return Event("error", error_body(fault))


def without_pictures(body: dict[str, Any]) -> dict[str, Any]:
    """A model's object without its pictures, which were sent before."""
    return {name: None if name in ("image_base64", "mask_base64") else value for name, value in body.items()}


async def _lines(first: Event, events: _Events, running: asyncio.Task[Result], media_type: str) -> AsyncIterator[bytes]:
    event = first
    try:
        while True:
            yield await asyncio.to_thread(event.written, media_type)
            if event.name in LAST:
                return
            event = await events.next()
    finally:
        running.cancel()
