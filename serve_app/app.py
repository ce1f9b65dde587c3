"""The HTTP service, wired: groups of endpoints, middleware, error handlers."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp

from cutout.accounts.keys import KeyRing
from cutout.errors import CutoutError, InternalError, MethodNotAllowed, NotFound, ValidationError
from cutout.ledger import Ledger
from serve_app.dialects.rembg_server.routes import RembgEndpoints
from serve_app.dialects.remove_bg.routes import RemoveBgEndpoints
from serve_app.endpoints.compose import ComposeEndpoint
from serve_app.endpoints.endpoint import bound, route
from serve_app.endpoints.health import HealthEndpoints
from serve_app.endpoints.jobs import JobEndpoints
from serve_app.endpoints.models import ModelEndpoints
from serve_app.endpoints.page import PageEndpoints
from serve_app.endpoints.process import ProcessEndpoints
from serve_app.endpoints.selections import SelectionEndpoints
from serve_app.endpoints.table import ENDPOINTS
from serve_app.fanout.dependencies import Dependencies
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.middleware.access import Access
from serve_app.middleware.admission import ConcurrencyLimit
from serve_app.middleware.cross_site import CrossSite, with_cors
from serve_app.middleware.lookup import Lookup
from serve_app.middleware.request_id import RequestId
from serve_app.middleware.transfers import Sending, Transfers
from serve_app.openapi.document import document
from serve_app.requests.hosts import Hosts
from serve_app.requests.inputs import Inputs
from serve_app.requests.read import Reader
from serve_app.responses.dialect import refusal
from serve_app.storage.cutout_cache import CutoutCache
from serve_app.telemetry.requests import Metered, RequestMetrics
from serve_app.telemetry.tracing import traced

logger = logging.getLogger(__name__)


def create_app(
    shotgun: Shotgun,
    ledger: Ledger,
    keys: KeyRing | None = None,
    durable: Durable | None = None,
    request_metrics: RequestMetrics | None = None,
    *,
    dependencies: Dependencies | None = None,
) -> ASGIApp:
    """The HTTP service around a shotgun. With `keys`, a request needs one; `request_metrics` counts each request.

    GET /health reports the state of `dependencies`, which the caller of this keeps up to date.
    """
    service, statuses = shotgun.registry.service, shotgun.statuses
    request_metrics, instruments = request_metrics or RequestMetrics(), shotgun.instruments
    cache = CutoutCache(shotgun, durable.store if durable else None, service.jobs.compose_s)
    reader, inputs = Reader(shotgun.registry, durable=durable is not None), Inputs(shotgun, keep_whole=cache.keeps)
    jobs = JobEndpoints(shotgun, inputs, durable) if durable else None
    remove_bg, rembg = RemoveBgEndpoints(shotgun, ledger), RembgEndpoints(shotgun)
    groups: list[object] = [
        HealthEndpoints(statuses, dependencies or Dependencies({}), request_metrics),
        ModelEndpoints(statuses),
        ProcessEndpoints(shotgun, cache if cache.keeps else shotgun, reader, inputs, ledger=ledger, jobs=jobs),
        SelectionEndpoints(ledger),
        remove_bg,
        rembg,
    ]
    if jobs and durable:
        composing = ComposeEndpoint(shotgun, cache, reader, inputs, jobs=durable.worker, store=durable.store)
        groups += [jobs, composing]
    api = bound(ENDPOINTS, groups)
    endpoints = api | bound(ENDPOINTS, [PageEndpoints(partial(document, tuple(api), keys is not None))])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for used in (inputs, remove_bg, rembg):
            await used.close()

    app = Starlette(
        routes=[route(endpoint, handler) for endpoint, handler in endpoints.items()],
        exception_handlers={CutoutError: _known, HTTPException: _routing, Exception: _unknown},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    sending = Sending(traced(app), Transfers())
    guarded = Access(
        sending,
        keys,
        service.access,
        ledger,
        concurrency=ConcurrencyLimit(service.limits.jobs_in_hand, request_metrics),
        most_bytes=service.limits.body_bytes * 3 // 2,  # base64, and the fields beside the picture
    )
    served = Metered(guarded if keys else CrossSite(guarded, Hosts(service)), instruments, request_metrics)
    return RequestId(Lookup(with_cors(served, service.access), endpoints))


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
        allowed = ", ".join(sorted({method for route in matching for method in route.methods}))
        response = refusal(MethodNotAllowed(f"{what} is not allowed; allowed: {allowed}"), request.scope)
        response.headers["Allow"] = allowed
        return response
    return refusal(ValidationError(f"{what}: {getattr(error, 'detail', 'bad request')}"), request.scope)


async def _unknown(request: Request, error: Exception) -> Response:
    logger.error("Unhandled exception", exc_info=error)
    return refusal(InternalError("The service failed; its log has the reason"), request.scope)
