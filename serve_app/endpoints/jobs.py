"""The endpoints of durable jobs, and the answer to a POST that becomes one; each is a list of named steps."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from cutout.errors import CutoutError, IdempotencyConflict, NotFound, ValidationError
from cutout.pixels.plain import MEDIA_TYPES
from cutout.telemetry.job_context import follow
from serve_app.contract import DeleteForm, JobsForm
from serve_app.endpoints.own_jobs import caller_of, key_id_of, own_job
from serve_app.fanout.shotgun import Shotgun
from serve_app.fanout.winner import check_single
from serve_app.jobs.acceptance import Acceptance, Durable
from serve_app.jobs.responses import JobResponses, accepted_body
from serve_app.jobs.state import JobQuery, JobState
from serve_app.requests.accept import SSE, Reply
from serve_app.requests.asked import Asked, Later, ResponseFormat
from serve_app.requests.bodies.fields import checked, query_fields
from serve_app.requests.hosts import Hosts
from serve_app.requests.inputs import Inputs
from serve_app.requests.later import ASYNC, KEY, prefers_async
from serve_app.responses.stream import Event
from serve_app.storage.pictures import DROPPED

IDS_EXPECTED = (
    "job_ids: the ids of the jobs are expected, since this service has no API keys by which callers are told apart"
)
AWAY_S = 1.0
"""Pause before the worker is asked again, while it is away."""


class JobEndpoints:
    """Durable jobs over HTTP."""

    def __init__(self, shotgun: Shotgun, inputs: Inputs, durable: Durable) -> None:
        self._service = shotgun.registry.service
        self._hosts = Hosts(self._service)
        self._acceptance = Acceptance(inputs.complete, shotgun.decoded, durable, self._service.jobs)
        self._worker = durable.worker
        self._store = durable.store
        self._signer = durable.signer
        self._responses = JobResponses(shotgun.registry.models, durable.store, durable.signer)

    async def answer(self, request: Request, asked: Asked, later: Later) -> Response:
        """Accept a durable job, or find the one of this Idempotency-Key; respond with 202, a stream, or the result.

        Raises:
            IdempotencyConflict: the key was used for another request.
            CutoutError: as Inputs.complete and Shotgun.decoded, before anything is accepted.
        """
        key = later.idempotency_key
        job_id, state = await self._known(caller_of(request), key) if key else (asked.id, None)
        follow(job_id)
        if state is None:
            self._hosts.address(request)  # raises before anything is accepted, where the response could have no address
            base_url = self._hosts.published(request) if later.webhook_url else ""
            named = replace(asked, id=job_id)  # an Idempotency-Key gives the job its id
            state = await self._acceptance.accept(request, named, later, base_url)
        elif state.order.fingerprint != later.fingerprint:
            raise IdempotencyConflict(f"This {KEY} was used with another request before")
        if later.asynchronous:
            return self._accepted(request, state)
        if state.ended and await self._store.dropped(job_id):
            raise NotFound(f"{DROPPED}; another {KEY} has them made again")
        if asked.reply.kind == "stream":
            return self._streamed(request, state, later.response_format, asked.reply.media_type)
        return await self._waited(request, state, later.response_format, asked.reply)

    async def read(self, request: Request) -> Response:
        """A job's state: the results so far by signed addresses, and the delivery of its webhook."""
        return await self._status(request, await own_job(self._worker, request))

    async def list_jobs(self, request: Request) -> Response:
        """The caller's durable jobs, the newest first, a page at a time.

        With API keys, those of the caller's key. Without keys nobody can be told from another, so only the jobs whose
        ids are in `job_ids` are listed.
        """
        form, key_id = checked(JobsForm, query_fields(request)), key_id_of(request)
        if key_id is None and form.job_ids is None:
            raise ValidationError.of_field("job_ids", IDS_EXPECTED)
        ids = None if form.job_ids is None else tuple(form.job_ids)
        page = await self._worker.page(JobQuery(key_id, ids, form.status, form.limit, form.before))
        base_url = self._hosts.address(request)
        entries = [await self._responses.entry(state, base_url) for state in page.states]
        return JSONResponse({"jobs": entries, "next": page.next_ms}, headers={"Cache-Control": "no-store"})

    async def cancel(self, request: Request) -> Response:
        """Cancel a job: its models stop, and finished results are kept. A job that has ended is left unchanged.

        With `forget`, the job is then deleted with its pictures and its webhook, and the answer is 204. What was spent,
        and the pick, stay in the statistics.
        """
        form, state = checked(DeleteForm, query_fields(request)), await own_job(self._worker, request)
        if form.forget:
            await self._worker.forget(state.order.job_id)
            return Response(status_code=204)
        return await self._status(request, await self._worker.cancel(state.order.job_id))

    async def events(self, request: Request) -> Response:
        """A job's past events, then those to come, as server-sent events."""
        return self._streamed(request, await own_job(self._worker, request), "url", SSE)

    async def redeliver(self, request: Request) -> Response:
        """Send a job's webhook again, under the same webhook-id; an attempt in progress is the last of its series."""
        state = await own_job(self._worker, request)
        await self._worker.redeliver(state.order.job_id)
        return self._accepted(request, state)

    async def result(self, request: Request) -> Response:
        """A picture at its signed address, which anybody who has it may use until it expires.

        `If-None-Match` with the `ETag` of an earlier answer is answered with 304 while the picture is the same.
        """
        job_id, name = request.path_params["job_id"], request.path_params["name"]
        query = request.query_params
        left_s = self._signer.check(job_id, name, query.get("expires", ""), query.get("signature", ""))
        stored = await self._store.open(job_id, name)
        headers = {"ETag": stored.tag, "Cache-Control": f"private, max-age={left_s}, immutable"}
        if _has(request, stored.tag):
            return Response(status_code=304, headers=headers)
        headers |= {
            "Content-Length": str(stored.size_bytes),
            "Content-Disposition": f'inline; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        media_type = next((m for extension, m in MEDIA_TYPES.items() if name.endswith(f".{extension}")), None)
        return StreamingResponse(stored.chunks, 200, headers, media_type)

    def _accepted(self, request: Request, state: JobState) -> Response:
        status_url = f"{self._hosts.address(request)}/jobs/{state.order.job_id}"
        headers = {"Location": status_url} | ({"Preference-Applied": ASYNC} if prefers_async(request) else {})
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
        """The whole response; 202 when the job takes longer than a request may."""
        if reply.kind == "picture" and not state.order.selection.picks_best:
            check_single(state.order.models)
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
        """The job of an idempotency key, whichever secret made its id; without one, the id for a new job."""
        ids = self._signer.job_ids(caller, key)
        for job_id in ids:
            if state := await self._worker.state(job_id):
                return job_id, state
        return ids[0], None

    async def _states(self, state: JobState) -> AsyncIterator[JobState | None]:
        """Every state of a job from this one to its end; None when nothing has happened for a while.

        A worker that is away is asked again: the job is stored, and continues when the worker is back.
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


def _has(request: Request, tag: str) -> bool:
    """Whether the caller has what this entity tag stands for: If-None-Match, compared as RFC 9110 says in 13.1.2."""
    known = ",".join(request.headers.getlist("If-None-Match")).split(",")
    return any(one.strip().removeprefix("W/") in ("*", tag) for one in known)
