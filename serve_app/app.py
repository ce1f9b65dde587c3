"""All routes, middleware and error handlers on one screen."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp

from cutout.accounts.keys import KeyRing
from cutout.errors import CutoutError, InternalError, MethodNotAllowed, NotFound, ValidationError
from cutout.ledger import Ledger
from fetching.fetch import Fetcher
from serve_app import contract
from serve_app.dialects import refusal
from serve_app.dialects.rembg_server.form import RembgFileForm, RembgUrlForm
from serve_app.dialects.rembg_server.routes import RembgEndpoints
from serve_app.dialects.remove_bg.form import RemoveBgForm
from serve_app.dialects.remove_bg.routes import RemoveBgEndpoints
from serve_app.endpoints.compose import ComposeEndpoint
from serve_app.endpoints.health import HealthEndpoints
from serve_app.endpoints.jobs import JobEndpoints
from serve_app.endpoints.models import ModelEndpoints
from serve_app.endpoints.page import page_routes
from serve_app.endpoints.process import ProcessEndpoints
from serve_app.endpoints.selections import SelectionEndpoints
from serve_app.fanout.dependencies import Dependencies
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.middleware.access import Access
from serve_app.middleware.admission import ConcurrencyLimit
from serve_app.middleware.cross_site import CrossSite, with_cors
from serve_app.middleware.hosts import Hosts
from serve_app.middleware.paths import Paths
from serve_app.middleware.request_id import RequestId
from serve_app.middleware.transfers import Sending, Transfers
from serve_app.openapi import dialects
from serve_app.openapi.document import complete
from serve_app.openapi.operations import EVENT, accepted, answers, composed, content, exported, job, ready, signed
from serve_app.requests.accept import SSE
from serve_app.requests.finish import Finishes
from serve_app.settings import VERSION
from serve_app.storage.cutout_cache import CutoutCache
from serve_app.telemetry.requests import Metered, RequestMetrics

logger = logging.getLogger(__name__)


COSTLY = (
    "POST /remove-background", "POST /process", "POST /upscale", "POST /jobs/*/compose",
    "POST /v1.0/removebg", "POST /api/remove", "GET /api/remove",
)  # fmt: skip
"""Where a request is a job, and takes one of its caller's slots; patterns of fnmatch."""


def create_app(
    shotgun: Shotgun,
    ledger: Ledger,
    keys: KeyRing | None = None,
    durable: Durable | None = None,
    request_metrics: RequestMetrics | None = None,
    *,
    dependencies: Dependencies | None = None,
) -> ASGIApp:
    """The HTTP service around a shotgun. With `keys`, a request needs one; `traffic` is told of each request.

    How `dependencies` are is said in /health; whoever gives them looks at them.
    """
    service = shotgun.registry.service
    request_metrics, instruments = request_metrics or RequestMetrics(), shotgun.instruments
    fetcher = Fetcher(service.fetch, service.limits.body_bytes, instruments=instruments)
    finishes = Finishes(service.fetch, service.limits, shotgun.decoder)
    cache = CutoutCache(shotgun, durable.store if durable else None, service.jobs.compose_s)
    remove_bg, rembg = RemoveBgEndpoints(shotgun, ledger), RembgEndpoints(shotgun)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for used in (fetcher, finishes, remove_bg, rembg):
            await used.close()

    app = FastAPI(title="Cutout Shotgun", version=VERSION, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.router.redirect_slashes = False
    jobs = JobEndpoints(shotgun, fetcher, finishes, durable) if durable else None
    leans_on = dependencies or Dependencies({})
    routes = ProcessEndpoints(
        shotgun,
        cache,
        fetcher,
        finishes,
        ledger=ledger,
        jobs=jobs,
    )
    health = HealthEndpoints(shotgun.statuses, leans_on, request_metrics)
    _add_shotgun(app, routes, health, ModelEndpoints(shotgun.statuses))
    _add_selections(app, SelectionEndpoints(ledger))
    if jobs and durable:
        _add_jobs(app, jobs, ComposeEndpoint(shotgun, cache, finishes, durable.worker, durable.store))
    _add_drop_ins(app, remove_bg, rembg)
    app.router.routes.extend(page_routes())
    for kind, handler in ((CutoutError, _known), (HTTPException, _routing), (Exception, _unknown)):
        app.add_exception_handler(kind, handler)
    complete(app, keys is not None)
    paths = frozenset(route.path for route in app.routes if isinstance(route, Route))
    concurrency = ConcurrencyLimit(service.limits.jobs_in_hand, request_metrics)
    most_bytes = service.limits.body_bytes * 3 // 2  # base64, and what stands beside the picture
    sending = Sending(app, Transfers())
    guarded = Access(
        sending, keys, service.access, ledger, costly=COSTLY, concurrency=concurrency, most_bytes=most_bytes
    )
    served = Metered(guarded if keys else CrossSite(guarded, Hosts(service)), instruments, request_metrics, paths)
    return RequestId(Paths(with_cors(served, service.access)))


def _add_shotgun(app: FastAPI, routes: ProcessEndpoints, health: HealthEndpoints, models: ModelEndpoints) -> None:
    post, get = app.post, app.get
    get("/health", **answers(contract.HealthBody))(health.health)
    get("/health/live", **answers(contract.LiveBody))(health.live)
    get("/health/ready", **ready())(health.ready)
    get("/models", **answers(contract.ModelsBody))(models.models)
    post("/remove-background", **job(contract.RemoveForm, contract.RemoveBody))(routes.remove_background)
    post("/upscale", **job(contract.UpscaleForm, contract.UpscaleBody))(routes.upscale)
    post("/process", **job(contract.ProcessForm, contract.ProcessBody))(routes.process)
    post("/estimate", **answers(contract.EstimateBody, 400, 403, 415, 503, form=contract.EstimateForm))(routes.estimate)


def _add_selections(app: FastAPI, selections: SelectionEndpoints) -> None:
    post, get = app.post, app.get
    post("/log-selection", **answers(contract.SelectionBody, 400, 404, 415, 503, form=contract.SelectionForm))(
        selections.log_selection
    )
    get("/selections/stats", **answers(contract.StatsBody, 503))(selections.stats)
    get("/selections/export", **exported(400, 503))(selections.export)


def _add_jobs(app: FastAPI, jobs: JobEndpoints, compose: ComposeEndpoint) -> None:
    post, get = app.post, app.get
    state = answers(contract.JobStateBody, 404, 503)
    get("/jobs/{job_id}", **state)(jobs.read)
    app.delete("/jobs/{job_id}", **state)(jobs.cancel)
    get("/jobs/{job_id}/events", **content({SSE: EVENT}, 404, 503))(jobs.events)
    post("/jobs/{job_id}/compose", **composed())(compose.compose)
    post("/jobs/{job_id}/webhook", **accepted(400, 404, 409, 503))(jobs.redeliver)
    get("/results/{job_id}/{name}", **signed(403, 404, 503))(jobs.result)


def _add_drop_ins(app: FastAPI, remove_bg: RemoveBgEndpoints, rembg: RembgEndpoints) -> None:
    post, get = app.post, app.get
    post("/v1.0/removebg", **dialects.removebg(RemoveBgForm))(remove_bg.removebg)
    get("/v1.0/account", **dialects.account())(remove_bg.account)
    post("/api/remove", **dialects.remove(RembgFileForm, in_query=False))(rembg.from_file)
    get("/api/remove", **dialects.remove(RembgUrlForm, in_query=True))(rembg.from_url)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, CutoutError)  # noqa: S101 - for the type checker; Starlette looked it up by its class
    return refusal(error, request.scope)


async def _routing(request: Request, error: Exception) -> Response:
    """Starlette's own refusals, in the contract's form."""
    status = getattr(error, "status_code", 500)
    what = f"{request.method} {request.url.path[:200]}"
    if status == NotFound.status:
        return refusal(NotFound(f"No such path: {what}"), request.scope)
    if status == MethodNotAllowed.status:
        matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
        allowed = ", ".join(sorted({method for route in matching for method in getattr(route, "methods", None) or ()}))
        response = refusal(MethodNotAllowed(f"{what} is not allowed; allowed: {allowed}"), request.scope)
        response.headers["Allow"] = allowed
        return response
    return refusal(ValidationError(f"{what}: {getattr(error, 'detail', 'bad request')}"), request.scope)


async def _unknown(request: Request, error: Exception) -> Response:
    logger.error("A fault of ours", exc_info=error)
    return refusal(InternalError("The service failed; its log has the reason"), request.scope)
