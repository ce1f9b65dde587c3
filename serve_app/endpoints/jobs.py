"""The endpoints of durable jobs, and what a POST does that becomes one. Each is a list of named steps."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from cutout.errors import CutoutError, IdempotencyConflict, NotFound
from cutout.jobs import Job
from cutout.pixels.types import MEDIA_TYPES
from cutout.telemetry.job_context import follow
from fetching.fetch import Fetcher
from serve_app.contract import DurableForm
from serve_app.fanout.shotgun import Shotgun
from serve_app.fanout.winner import check_single
from serve_app.jobs.acceptance import Acceptance, Durable, caller_key
from serve_app.jobs.responses import JobResponses, accepted_body
from serve_app.jobs.state import JobState, ResponseFormat
from serve_app.requests.accept import SSE, Reply
from serve_app.requests.finish import Finishes
from serve_app.requests.hosts import Hosts
from serve_app.requests.idempotency import KEY, fingerprint, idempotency_key
from serve_app.responses.stream import Event
from serve_app.storage.pictures import DROPPED, JOB_ID

ASYNC = "respond-async"
AWAY_S = 1.0
"""Gap between two questions while the jobs' worker is away."""


class JobEndpoints:
    """Durable jobs over HTTP."""

    def __init__(self, shotgun: Shotgun, fetcher: Fetcher, finishes: Finishes, durable: Durable) -> None:
        self._service = shotgun.registry.service
        self._hosts = Hosts(self._service)
        self._acceptance = Acceptance(shotgun, fetcher, finishes, durable)
        self._worker = durable.worker
        self._store = durable.store
        self._signer = durable.signer
        self._responses = JobResponses(shotgun.registry.models, durable.store, durable.signer)

    def wants(self, request: Request, form: DurableForm) -> bool:
        """Whether a request becomes a durable job: it is answered later, may be repeated, or its pictures are kept."""
        return _asynchronous(request, form) or KEY in request.headers or form.response_format != "base64"

    async def answer(self, request: Request, form: DurableForm, job: Job, reply: Reply) -> Response:
        """Accept a durable job, or find the one of this Idempotency-Key; answer 202, as it happens, or as a whole.

        Of `job` the picture is empty when it is to be fetched.

        Raises:
            IdempotencyConflict: the key was used for another request.
            CutoutError: as Shotgun.run, before anything is accepted.
        """
        key = idempotency_key(request)
        job_id, state = await self._known(_caller(request), key) if key else (job.id, None)
        follow(job_id)
        wanted = await asyncio.to_thread(fingerprint, form, job)
        if state is None:
            single = reply.kind == "picture" and not _asynchronous(request, form)
            self._hosts.address(request)  # what could not be answered is not accepted
            base_url = self._hosts.published(request) if form.webhook_url else ""
            job = replace(job, id=job_id)
            state = await self._acceptance.accept(request, form, job, wanted, base_url=base_url, single=single)
        elif state.order.fingerprint != wanted:
            raise IdempotencyConflict(f"This {KEY} was used with another request before")
        if _asynchronous(request, form):
            return self._accepted(request, state)
        if state.ended and await self._store.dropped(job_id):
            raise NotFound(f"{DROPPED}; another {KEY} has them made again")
        if reply.kind == "stream":
            return self._streamed(request, state, form.response_format, reply.media_type)
        return await self._waited(request, state, form.response_format, reply)

    async def read(self, request: Request) -> Response:
        """How far a job is: what is done so far, by signed addresses, and what became of its webhook."""
        return await self._status(request, await self._own(request))

    async def cancel(self, request: Request) -> Response:
        """End a job: its models stop, and what is done is kept. A job that has ended stays as it is."""
        state = await self._own(request)
        return await self._status(request, await self._worker.cancel(state.order.job_id))

    async def events(self, request: Request) -> Response:
        """What a job has done, then what it does as it happens, as server-sent events."""
        return self._streamed(request, await self._own(request), "url", SSE)

    async def redeliver(self, request: Request) -> Response:
        """Send a job's webhook once more, under the same webhook-id; an attempt under way is the last of its row."""
        state = await self._own(request)
        await self._worker.redeliver(state.order.job_id)
        return self._accepted(request, state)

    async def result(self, request: Request) -> Response:
        """A picture at its signed address; whoever has the address may read it until it expires."""
        job_id, name = request.path_params["job_id"], request.path_params["name"]
        query = request.query_params
        left_s = self._signer.check(job_id, name, query.get("expires", ""), query.get("signature", ""))
        stored = await self._store.open(job_id, name)
        headers = {
            "Content-Length": str(stored.size_bytes),
            "Content-Disposition": f'inline; filename="{name}"',
            "Cache-Control": f"private, max-age={left_s}, immutable",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        media_type = next((m for extension, m in MEDIA_TYPES.items() if name.endswith(f".{extension}")), None)
        return StreamingResponse(stored.chunks, 200, headers, media_type)

    def _accepted(self, request: Request, state: JobState) -> Response:
        status_url = f"{self._hosts.address(request)}/jobs/{state.order.job_id}"
        headers = {"Location": status_url} | ({"Preference-Applied": ASYNC} if _prefers_async(request) else {})
        return JSONResponse(accepted_body(state, status_url), 202, headers)

    def _streamed(
        self, request: Request, state: JobState, response_format: ResponseFormat, media_type: str
    ) -> Response:
        events = self._responses.events(self._states(state), response_format, self._hosts.address(request))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_written(events, media_type), 200, headers, media_type)

    async def _waited(
        self, request: Request, state: JobState, response_format: ResponseFormat, reply: Reply
    ) -> Response:
        """The whole answer; 202 when it takes longer than a request may."""
        if reply.kind == "picture" and not state.order.enlarges:
            check_single(state.order.models, None)
        until = time.monotonic() + self._service.limits.request_s
        async for known in self._states(state):
            state = known or state
            if not state.ended and time.monotonic() > until:
                return self._accepted(request, state)
        return await self._responses.whole(state, response_format, self._hosts.address(request), reply)

    async def _status(self, request: Request, state: JobState) -> Response:
        delivery = await self._worker.delivery(state.order.job_id)
        body = await self._responses.status_body(state, delivery, self._hosts.address(request))
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def _known(self, caller: str, key: str) -> tuple[str, JobState | None]:
        """The job of an idempotency key, by whichever secret it was named; without one, the id that it gets."""
        ids = self._signer.job_ids(caller, key)
        for job_id in ids:
            if state := await self._worker.state(job_id):
                return job_id, state
        return ids[0], None

    async def _own(self, request: Request) -> JobState:
        """The job of the address, if the caller may see it; another key's job is there for nobody else."""
        job_id = request.path_params["job_id"]
        state = await self._worker.state(job_id) if JOB_ID.fullmatch(job_id) else None
        if state is None or (state.order.key and state.order.key.id != _key_id(request)):
            raise NotFound("No such job; it may have been swept")
        return state

    async def _states(self, state: JobState) -> AsyncIterator[JobState | None]:
        """Every state of a job from this one on, until it has ended; None for a silence.

        A worker that is away is asked again: the job is kept, and goes on when the worker is back.
        """
        yield state
        while not state.ended:
            try:
                known = await self._worker.changed(state.order.job_id, state.progress)
            except CutoutError as away:
                if not away.retryable:
                    raise
                await asyncio.sleep(AWAY_S)
                yield None
                continue
            if known is None:
                raise NotFound("The job was swept")
            yield known if known.progress > state.progress else None
            state = known


async def _written(events: AsyncIterator[Event], media_type: str) -> AsyncIterator[bytes]:
    async for event in events:
        yield await asyncio.to_thread(event.written, media_type)


def _asynchronous(request: Request, form: DurableForm) -> bool:
    return form.webhook_url is not None or _prefers_async(request)


def _prefers_async(request: Request) -> bool:
    """RFC 7240: Prefer may come several times, and have several preferences, each with parameters."""
    preferences = ",".join(request.headers.getlist("prefer")).split(",")
    return any(one.partition(";")[0].strip().lower() == ASYNC for one in preferences)


def _key_id(request: Request) -> str | None:
    key = caller_key(request)
    return key.id if key else None


def _caller(request: Request) -> str:
    """Whose idempotency keys these are; without API keys, everybody's."""
    return f"key:{key_id}" if (key_id := _key_id(request)) else "anonymous"
