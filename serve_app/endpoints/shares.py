"""Links to cutouts of a durable job: made by its caller, and opened by anybody."""

import math
import time

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from cutout.errors import Conflict, CutoutError, Gone, NotFound
from serve_app.contract import ShareForm
from serve_app.endpoints.own_jobs import own_job
from serve_app.endpoints.shared_page import Shown, page, refusal
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.jobs.parts import Part
from serve_app.jobs.responses import JobResponses
from serve_app.jobs.state import JobState, Order
from serve_app.requests.forms import known_models, read_json
from serve_app.requests.hosts import Hosts
from serve_app.storage.shares import Share

DELETED = "What this link showed has been deleted."


class ShareEndpoints:
    """The links, and the pages that they lead to."""

    def __init__(self, shotgun: Shotgun, durable: Durable) -> None:
        service = shotgun.registry.service
        self._keep_s = service.jobs.keep_s
        self._hosts = Hosts(service)
        self._jobs = durable.worker
        self._signer = durable.signer
        self._responses = JobResponses(shotgun.registry.models, durable.store, durable.signer)

    async def share(self, request: Request) -> Response:
        """A link to results of a job that has ended: a page for anybody who has it, until it expires.

        The page shows them beside the picture that was sent, and each can be downloaded. When the job is deleted, the
        link shows nothing more.
        """
        form, state = await read_json(request, ShareForm), await own_job(self._jobs, request)
        if not state.ended:
            raise Conflict("This job has not ended yet; it can be shared when it has")
        there = [part.name for part in await self._parts(state)]
        if not there:
            raise NotFound("This job has no picture that could be shared")
        asked = known_models(form.include_models, there, "include_models")
        results = tuple(there) if "all" in asked else asked
        share = Share(state.order.job_id, results, form.title, self._expires(state, form.expires_s))
        body = {
            "job_id": share.job_id,
            "models": results,
            "share_url": f"{self._hosts.address(request)}/{share.path(self._signer)}",
            "expires_at": share.expires,
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def shared(self, request: Request) -> Response:
        """The page of such a link; a sentence where there is nothing to show."""
        try:
            share = Share.of(request.path_params["job_id"], request.query_params, self._signer)
            return await self._shown(share)
        except CutoutError as refused:
            request.state.error_type = refused.type
            return refusal(refused)

    async def _shown(self, share: Share) -> HTMLResponse:
        state = await self._jobs.state(share.job_id)
        parts = await self._parts(state) if state else []
        shown = [self._one(share, part) for part in parts if part.name in share.results]
        if not state or not shown:
            raise Gone(DELETED)
        return page(share, state.order.size, self._sent(share, state.order), shown)

    async def _parts(self, state: JobState) -> list[Part]:
        return [part for part in await self._responses.parts(state) if part.there]

    def _one(self, share: Share, part: Part) -> Shown:
        name = part.files["image"]
        return Shown(
            part.body.get("model_name", ""),
            self._signer.path(share.job_id, name, share.expires),
            f"{share.title}-{name}" if share.title else name,
        )

    def _sent(self, share: Share, order: Order) -> str | None:
        """Address of the picture that was sent; None where it is not stored, or the results show another part of it."""
        finish = order.finish
        if order.thumbnail is None or (finish and (finish.crop or finish.canvas)):
            return None
        return self._signer.path(share.job_id, order.picture, share.expires)

    def _expires(self, state: JobState, expires_s: int) -> int:
        """Unix time at which a new link expires: before the job is deleted.

        Raises:
            NotFound: it is about to be.
        """
        now = time.time()
        expires = math.floor(min(now + expires_s, (state.ended_at or now) + self._keep_s))
        if expires <= now:
            raise NotFound("No such job; it may have been swept")
        return expires
