"""A durable job's state -> the contract's JSON, as a whole, as 202, or as it happens."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from starlette.responses import Response

from cutout.errors import InternalError, ProcessingError
from cutout.outcome import Cutout, ModelResult, Result
from cutout.spec import LicenceSpec, ModelSpec
from serve_app.job_state import Delivery, JobState, ResponseFormat
from serve_app.negotiation import Reply
from serve_app.pictures_response import PicturesResponse
from serve_app.replies import answered
from serve_app.responses import error_body, error_response, job_body, model_body
from serve_app.signing import Signer
from serve_app.store import PictureStore
from serve_app.stream import Event

Specs = Mapping[str, ModelSpec]


def specs_of(state: JobState, models: Specs) -> Specs:
    """The models of a job."""
    return known_specs(state.order.models, models)


def known_specs(asked: Iterable[str], models: Specs) -> Specs:
    """The models asked for; one that this service no longer has goes by its id, and its cutout may not be sold."""
    licence = LicenceSpec(name="unknown", commercial=False)
    known = {name: ModelSpec(id=name, name=name, backend="none", licence=licence) for name in asked}
    return {**known, **models}


def bodies(state: JobState, models: Specs) -> list[dict[str, Any]]:
    """The contract's objects of the models that are done, without their pictures."""
    body: list[dict[str, Any]] = job_body(state.order.job(), state.result, specs_of(state, models))["results"]
    return body


def with_addresses(
    state: JobState, results: list[dict[str, Any]], signer: Signer, base_url: str, *, dropped: bool = False
) -> list[dict[str, Any]]:
    """The same objects with the signed address of each picture that is there; null for the others.

    `dropped`: the job's pictures had to make room.
    """
    order = state.order
    good = set() if dropped else {r.model_id for r in state.results if isinstance(r.outcome, Cutout)}

    def addresses(model_id: str) -> dict[str, str | None]:
        names = {"image_url": order.name(model_id)} | ({"mask_url": order.mask_name(model_id)} if order.masked else {})
        paths = {field: signer.path(order.job_id, name) for field, name in names.items()}
        return {field: f"{base_url}/{path}" if model_id in good else None for field, path in paths.items()}

    return [{**result, **addresses(result["model_id"])} for result in results]


def accepted_body(state: JobState, status_url: str) -> dict[str, Any]:
    """Answer of 202."""
    return {"job_id": state.order.job_id, "status": state.phase, "status_url": status_url}


class JobAnswers:
    """What is answered about jobs; `base_url` is the service's address as the caller sees it, without a slash."""

    def __init__(self, models: Specs, store: PictureStore, signer: Signer) -> None:
        self._models = models
        self._store = store
        self._signer = signer

    async def status_body(self, state: JobState, delivery: Delivery | None, base_url: str) -> dict[str, Any]:
        """Answer of GET /jobs/{job_id}: pictures by their addresses."""
        dropped = await self._dropped(state)
        body = job_body(state.order.job(), state.result, specs_of(state, self._models))
        body |= {
            "status": state.phase,
            "created_at": state.order.created_at,
            "models": list(state.order.models),
            "results": with_addresses(state, body["results"], self._signer, base_url, dropped=dropped),
            "pictures_dropped": dropped,
            "webhook": asdict(delivery) if delivery else None,
        }
        return body | (error_body(InternalError(state.error)) if state.error else {})

    async def whole(self, state: JobState, response_format: ResponseFormat, base_url: str, reply: Reply) -> Response:
        """Answer of a POST that waited: the contract's own; an error when every model failed, or the job ended else."""
        if state.error:
            return error_response(InternalError(state.error))
        specs, job = specs_of(state, self._models), state.order.job()
        if state.phase == "cancelled":
            return error_response(ProcessingError("The job was cancelled"), {"job_id": job.id, "status": "cancelled"})
        if response_format == "base64" or state.phase == "failed":
            return await answered(reply, job, state.result, specs, loaded=lambda one: self._with_picture(state, one))
        result = state.result if response_format == "url" else await self._loaded(state)
        body = job_body(job, result, specs)
        body["results"] = with_addresses(state, body["results"], self._signer, base_url)
        return await asyncio.to_thread(PicturesResponse, body)

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
            for one in state.results:
                if one.model_id not in told:
                    told.add(one.model_id)
                    yield await self._one(state, one, response_format, base_url)
            if state.ended:
                yield await self._last(state, base_url)

    def _started(self, state: JobState) -> Event:
        specs = specs_of(state, self._models)
        models = [{"model_id": name, "model_name": specs[name].name} for name in state.order.models]
        order = state.order
        body = {"job_id": order.job_id, "models": models, "skipped": order.skipped}
        return Event("started", {**body, "input_dimensions": asdict(order.size)})

    async def _one(self, state: JobState, one: ModelResult, response_format: ResponseFormat, base_url: str) -> Event:
        if response_format != "url":
            one = await self._with_picture(state, one)
        spec = specs_of(state, self._models)[one.model_id]
        body = model_body(state.order.job(), one, spec, state.order.size)
        if response_format != "base64":
            dropped = await self._dropped(state)
            [body] = with_addresses(state, [body], self._signer, base_url, dropped=dropped)
        return Event("finished" if isinstance(one.outcome, Cutout) else "failed", body)

    async def _last(self, state: JobState, base_url: str) -> Event:
        if state.error:
            return Event("error", error_body(InternalError(state.error)))
        body = await self.status_body(state, None, base_url)
        del body["webhook"]
        return Event("summary", body)

    async def _dropped(self, state: JobState) -> bool:
        return state.ended and await self._store.dropped(state.order.job_id)

    async def _loaded(self, state: JobState) -> Result:
        results = [await self._with_picture(state, one) for one in state.results]
        return replace(state.result, results=tuple(results))

    async def _with_picture(self, state: JobState, one: ModelResult) -> ModelResult:
        if not isinstance(one.outcome, Cutout):
            return one
        order = state.order
        picture = await self._store.get(order.job_id, order.name(one.model_id))
        mask = await self._store.get(order.job_id, order.mask_name(one.model_id)) if order.masked else None
        return replace(one, outcome=replace(one.outcome, encoded=picture, mask=mask))
