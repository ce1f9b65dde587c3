"""The endpoints of batches: many pictures under one id; each is a list of named steps."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from cutout.errors import Conflict, CutoutError, IdempotencyConflict, NotFound, ServiceUnavailable
from cutout.jobs import new_id
from cutout.telemetry.job_context import follow
from serve_app.contract import BatchPageForm, DeleteForm
from serve_app.endpoints.own_jobs import caller_of, key_id_of
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.jobs.batches.acceptance import BatchAcceptance
from serve_app.jobs.batches.archive import batch_files
from serve_app.jobs.batches.batch import BatchState
from serve_app.jobs.batches.bodies import accepted_batch, batch_body, batch_url
from serve_app.jobs.batches.uploads import Uploads
from serve_app.jobs.request_pictures import RequestPictures
from serve_app.requests.accept import ZIP
from serve_app.requests.asked import AskedBatch
from serve_app.requests.batch import BatchReader
from serve_app.requests.bodies.fields import checked, query_fields
from serve_app.requests.hosts import Hosts
from serve_app.requests.inputs import Inputs
from serve_app.requests.later import KEY, idempotency_key
from serve_app.responses.archive import zipped
from serve_app.storage.pictures import JOB_ID

FIRST_PAGE = BatchPageForm()


class BatchEndpoints:
    """Batches over HTTP."""

    def __init__(self, shotgun: Shotgun, inputs: Inputs, durable: Durable) -> None:
        service = shotgun.registry.service
        self._hosts = Hosts(service)
        self._reader = BatchReader(shotgun.registry)
        pictures = RequestPictures(durable.store, keeps_picture=service.jobs.compose_s > 0)
        given = (inputs.finish, shotgun.statuses, durable.worker, pictures, durable.signer)
        self._acceptance = BatchAcceptance(*given, spec=service.jobs)
        self._worker = durable.worker
        self._store = durable.store
        self._signer = durable.signer

    async def submit(self, request: Request) -> Response:
        """Cut out many pictures under one id: files, addresses, or a folder of a store that the operator named.

        Answered at once with 202; each picture is a durable job then, a few at a time. A picture that cannot be read is
        an item with an error. `max_cost_usd` is of all together.
        """
        batch_id, known = await self._known(request)
        follow(batch_id)
        uploads = Uploads(None if known else self._store)
        try:
            asked = await self._reader.read(request, batch_id, uploads.keep)
            state = known or await self._accept(request, asked)
        except (CutoutError, ClientDisconnect) as refused:
            if not isinstance(refused, ServiceUnavailable):  # after which it may have been accepted nevertheless
                await uploads.drop()
            raise
        await uploads.drop(state)
        if state.order.fingerprint != asked.fingerprint:
            raise IdempotencyConflict(f"This {KEY} was used with another request before")
        base_url = self._hosts.address(request)
        return JSONResponse(accepted_batch(state, base_url), 202, {"Location": batch_url(state, base_url)})

    async def read(self, request: Request) -> Response:
        """Read a batch: how many of its items are done, and a page of them, each with its cutout or its error."""
        page = checked(BatchPageForm, query_fields(request))
        return await self._status(request, await self._own(request), page)

    async def cancel(self, request: Request) -> Response:
        """Cancel a batch: its running jobs stop, and finished ones are kept. One that has ended is left unchanged.

        With `forget`, the batch is then deleted with its jobs and their pictures, and the answer is 204.
        """
        form, state = checked(DeleteForm, query_fields(request)), await self._own(request)
        if form.forget:
            await self._worker.forget_batch(state.order.batch_id)
            return Response(status_code=204)
        return await self._status(request, await self._worker.cancel_batch(state.order.batch_id), FIRST_PAGE)

    async def results(self, request: Request) -> Response:
        """The best cutout of each picture in one ZIP, named after the pictures; `batch.json` in it lists every item."""
        state = await self._own(request)
        if not state.ended:
            raise Conflict("This batch has not ended yet; its ZIP is there when it has")
        headers = {"Content-Disposition": f'attachment; filename="{state.order.batch_id}.zip"'}
        return StreamingResponse(zipped(batch_files(state, self._store)), 200, headers, ZIP)

    async def _accept(self, request: Request, asked: AskedBatch) -> BatchState:
        self._hosts.address(request)  # raises before anything is accepted, where the response could have no address
        base_url = self._hosts.published(request) if asked.webhook_url else ""
        return await self._acceptance.accept(request, asked, base_url)

    async def _known(self, request: Request) -> tuple[str, BatchState | None]:
        """The batch of an idempotency key, whichever secret made its id; without one, the id for a new batch."""
        key = idempotency_key(request)
        if key is None:
            return new_id(), None
        ids = self._signer.job_ids(f"batches of {caller_of(request)}", key)
        for batch_id in ids:
            if state := await self._worker.batch(batch_id):
                return batch_id, state
        return ids[0], None

    async def _own(self, request: Request) -> BatchState:
        """The batch of the address; raises NotFound for a batch of another key, too."""
        batch_id = request.path_params["batch_id"]
        state = await self._worker.batch(batch_id) if JOB_ID.fullmatch(batch_id) else None
        if state is None or (state.order.key and state.order.key.id != key_id_of(request)):
            raise NotFound("No such batch; it may have been swept")
        return state

    async def _status(self, request: Request, state: BatchState, page: BatchPageForm) -> Response:
        delivery = await self._worker.delivery(state.order.batch_id)
        base_url = self._hosts.address(request)
        body = batch_body(state, delivery, self._signer, base_url, after=page.after, limit=page.limit)
        return JSONResponse(body, headers={"Cache-Control": "no-store"})
