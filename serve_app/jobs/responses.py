"""A durable job's state -> the contract's JSON, as a whole, as 202, or as it happens."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from cutout.cascade import Step
from cutout.errors import InternalError, ProcessingError
from cutout.models.combination import name_of
from cutout.results import Cutout, CutoutFile, Failure
from serve_app.jobs.parts import Part, Specs, edited_part, known_specs, parts
from serve_app.jobs.state import UPSCALED, JobState, Order
from serve_app.jobs.webhooks.attempts import Delivery
from serve_app.requests.accept import Reply
from serve_app.requests.asked import ResponseFormat
from serve_app.responses.bodies import PicturesResponse, job_body
from serve_app.responses.errors import error_body, error_response, failed_upscale
from serve_app.responses.stream import Event
from serve_app.responses.write import upscaled_response, write
from serve_app.storage.edits import Edits
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer


def accepted_body(state: JobState, status_url: str) -> dict[str, Any]:
    """Answer of 202."""
    return {"job_id": state.order.job_id, "status": state.phase, "status_url": status_url}


class JobResponses:
    """What is answered about jobs; `base_url` is the service's address as the caller sees it, without a slash."""

    def __init__(self, models: Specs, store: PictureStore, signer: Signer) -> None:
        self._models = models
        self._store = store
        self._signer = signer
        self._edits = Edits(store)

    async def status_body(self, state: JobState, delivery: Delivery | None, base_url: str) -> dict[str, Any]:
        """Answer of GET /jobs/{job_id}: pictures by their addresses."""
        dropped = await self._dropped(state)
        done = await self._parts(state, dropped=dropped)
        body = job_body(state.order.output, state.result, self._specs(state))
        body |= {
            "status": state.phase,
            "created_at": state.order.created_at,
            "models": list(state.order.selection.result_ids),
            "picture_url": self._sent_url(state, state.order.picture, base_url, dropped=dropped),
            "results": [part.addressed(self._signer, base_url).body for part in done],
            "pictures_dropped": dropped,
            "webhook": asdict(delivery) if delivery else None,
        }
        return body | (error_body(InternalError(state.error)) if state.error else {})

    async def parts(self, state: JobState) -> list[Part]:
        """The results so far, and the cutout that was mended by hand, without pictures and addresses."""
        return await self._parts(state, dropped=await self._dropped(state))

    async def entry(self, state: JobState, base_url: str) -> dict[str, Any]:
        """A job in the answer of GET /jobs."""
        order, dropped = state.order, await self._dropped(state)
        selected = {"selected_model_id": state.comparison.selected_model_id} if state.comparison else {}
        return {
            "job_id": order.job_id,
            "status": state.phase,
            "created_at": order.created_at,
            "models": list(order.selection.result_ids),
            **selected,
            "total_cost_usd": state.result.total_cost_usd,
            "status_url": f"{base_url}/jobs/{order.job_id}",
            "picture_url": self._sent_url(state, order.picture, base_url, dropped=dropped),
            "thumbnail_url": self._sent_url(state, order.thumbnail, base_url, dropped=dropped),
        }

    async def whole(self, state: JobState, response_format: ResponseFormat, base_url: str, reply: Reply) -> Response:
        """Answer of a POST that waited: the contract's own; an error when everything failed, or the job ended else."""
        if state.error:
            return error_response(InternalError(state.error))
        job_id = state.order.job_id
        if state.phase == "cancelled":
            return error_response(ProcessingError("The job was cancelled"), {"job_id": job_id, "status": "cancelled"})
        if isinstance(state.upscaled, Failure):
            return error_response(failed_upscale(state.upscaled), {"job_id": job_id, "status": "failed"})
        if state.upscaled:
            return await self._upscaled(state, response_format, base_url, reply)
        output, specs = state.order.output, self._specs(state)
        if response_format == "base64" or state.phase == "failed":
            return await write(reply, output, state.result, specs, lambda cutout: self._file(state.order, cutout))
        told = [await self._told(part, response_format, base_url) for part in parts(state, self._models)]
        return await asyncio.to_thread(PicturesResponse, {**job_body(output, state.result, specs), "results": told})

    async def events(
        self, states: AsyncIterator[JobState | None], response_format: ResponseFormat, base_url: str
    ) -> AsyncIterator[Event]:
        """What has happened so far, then what happens, in the events of stream.py; None stands for a silence."""
        told, begun = set[str](), False
        async for state in states:
            if state is None:
                yield Event("silence")
                continue
            if not begun and state.phase != "queued":
                begun = True
                yield self._started(state)
            done = parts(state, self._models, dropped=await self._dropped(state))
            for name, news in _in_order(state.decisions, done):
                if name not in told:
                    told.add(name)
                    yield await self._event(news, response_format, base_url)
            if state.ended:
                yield await self._last(state, base_url)

    async def _parts(self, state: JobState, *, dropped: bool) -> list[Part]:
        return [*parts(state, self._models, dropped=dropped), *await self._edited(state)]

    async def _edited(self, state: JobState) -> list[Part]:
        edit = await self._edits.find(state.order.job_id, "") if state.ended else None
        return [edited_part(state, edit, self._models)] if edit else []

    def _started(self, state: JobState) -> Event:
        order, specs = state.order, self._specs(state)
        models = [{"model_id": name, "model_name": name_of(name, specs)} for name in order.selection.result_ids]
        body = {"job_id": order.job_id, "models": models, "skipped": order.selection.skipped}
        return Event("started", {**body, "input_dimensions": asdict(order.size)})

    async def _event(self, news: Part | Step, response_format: ResponseFormat, base_url: str) -> Event:
        if isinstance(news, Step):
            return Event("step", asdict(news))
        body = await self._told(news, response_format, base_url)
        return Event("finished" if news.good else "failed", body)

    async def _last(self, state: JobState, base_url: str) -> Event:
        if state.error:
            return Event("error", error_body(InternalError(state.error)))
        body = await self.status_body(state, None, base_url)
        del body["webhook"]
        return Event("summary", body)

    def _sent_url(self, state: JobState, name: str | None, base_url: str, *, dropped: bool) -> str | None:
        """Address of the picture that was sent, or of its thumbnail; None where they are not stored beyond the job."""
        if name is None or state.order.thumbnail is None or dropped:
            return None
        return f"{base_url}/{self._signer.path(state.order.job_id, name)}"

    async def _dropped(self, state: JobState) -> bool:
        return state.ended and await self._store.dropped(state.order.job_id)

    async def _upscaled(
        self, state: JobState, response_format: ResponseFormat, base_url: str, reply: Reply
    ) -> Response:
        order, wall_ms = state.order, state.result.wall_ms
        if reply.kind == "picture":
            picture = await self._store.get(order.job_id, order.name(UPSCALED))
            return upscaled_response(order.job_id, picture, order.output_format, wall_ms)
        [part] = parts(state, self._models)
        told = await self._told(part, response_format, base_url)
        return await asyncio.to_thread(PicturesResponse, {"job_id": order.job_id, **told, "status": state.phase})

    async def _told(self, part: Part, response_format: ResponseFormat, base_url: str) -> dict[str, Any]:
        """One result, in the form that its caller asked for."""
        if response_format != "url":
            part = await part.loaded(self._store)
        return part.body if response_format == "base64" else part.addressed(self._signer, base_url).body

    async def _file(self, order: Order, cutout: Cutout) -> CutoutFile:
        picture = await self._store.get(order.job_id, order.name(cutout.model_id))
        mask = await self._store.get(order.job_id, order.mask_name(cutout.model_id)) if order.masked else None
        return CutoutFile.of(cutout, picture, mask)

    def _specs(self, state: JobState) -> Specs:
        return known_specs(state.order.models, self._models)


def _in_order(decisions: Iterable[Step], done: Iterable[Part]) -> Iterator[tuple[str, Part | Step]]:
    """What has happened, each by a name of its own: a decision of `auto`, then the results that it asked for."""
    left = {part.name: part for part in done}
    for number, step in enumerate(decisions):
        yield f"step {number}", step
        yield from ((name, left.pop(name)) for name in step.models if name in left)
    yield from left.items()
