"""The HTTP service, wired: groups of endpoints, and the middleware that a request passes on its way to one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from starlette.applications import Starlette
from starlette.types import ASGIApp, Lifespan

from cutout.accounts.keys import KeyRing
from cutout.ledger import Ledger
from serve_app.dialects.rembg_server.endpoints import RembgEndpoints
from serve_app.dialects.remove_bg.endpoints import RemoveBgEndpoints
from serve_app.endpoints.batches import BatchEndpoints
from serve_app.endpoints.compose import ComposeEndpoint
from serve_app.endpoints.edit import EditEndpoint
from serve_app.endpoints.endpoint import bound, route
from serve_app.endpoints.health import HealthEndpoints
from serve_app.endpoints.jobs import JobEndpoints
from serve_app.endpoints.kept_jobs import KeptJobs
from serve_app.endpoints.models import ModelEndpoints
from serve_app.endpoints.page import PageEndpoints
from serve_app.endpoints.presets import PresetEndpoints
from serve_app.endpoints.process import ProcessEndpoints
from serve_app.endpoints.selections import SelectionEndpoints
from serve_app.endpoints.shares import ShareEndpoints
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
from serve_app.responses.exceptions import EXCEPTION_HANDLERS
from serve_app.storage.cutout_cache import CutoutCache
from serve_app.storage.edits import Edits
from serve_app.telemetry.requests import Metered, RequestMetrics
from serve_app.telemetry.tracing import traced


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
    request_metrics = request_metrics or RequestMetrics()
    cache = CutoutCache(shotgun.run, durable.store if durable else None, service.jobs.compose_s)
    run = cache.run if cache.keeps else shotgun.run
    reader = Reader(shotgun.registry, durable=durable is not None)
    inputs = Inputs(service, statuses, shotgun.decoder, shotgun.instruments, keep_whole=cache.keeps)
    jobs = JobEndpoints(shotgun, inputs, durable) if durable else None
    remove_bg, rembg = RemoveBgEndpoints(shotgun, ledger), RembgEndpoints(shotgun)
    groups: list[object] = [
        HealthEndpoints(statuses, dependencies or Dependencies({}), request_metrics),
        ModelEndpoints(statuses),
        PresetEndpoints(shotgun.registry.presets),
        ProcessEndpoints(shotgun, run, reader, inputs, later=jobs.answer if jobs else None),
        SelectionEndpoints(ledger, Edits(durable.store) if durable else None),
        remove_bg,
        rembg,
    ]
    if jobs and durable:
        kept_jobs = KeptJobs(cache.find, durable.worker, durable.store)
        composing = ComposeEndpoint(shotgun, kept_jobs, reader, inputs, durable.store)
        batches, editing = (
            BatchEndpoints(shotgun, inputs, durable),
            EditEndpoint(shotgun, kept_jobs, reader, durable.store),
        )
        groups += [jobs, batches, composing, editing, ShareEndpoints(shotgun, durable)]
    api = bound(ENDPOINTS, groups)
    described = partial(document, tuple(api), keys is not None, service.jobs.public_url)
    endpoints = api | bound(ENDPOINTS, [PageEndpoints(described)])

    app = Starlette(
        routes=[route(endpoint, handler) for endpoint, handler in endpoints.items()],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=_closing(inputs, remove_bg, rembg),
    )
    app.router.redirect_slashes = False
    return RequestId(Lookup(_secured(app, shotgun, ledger, keys, request_metrics), endpoints))


def _secured(
    app: ASGIApp, shotgun: Shotgun, ledger: Ledger, keys: KeyRing | None, request_metrics: RequestMetrics
) -> ASGIApp:
    """The app behind keys, limits, metrics and the rules for pages of other sites."""
    service = shotgun.registry.service
    access = Access(
        Sending(traced(app), Transfers()),
        keys,
        service.access,
        ledger,
        concurrency=ConcurrencyLimit(service.limits.jobs_in_hand, request_metrics),
        max_bytes=service.limits.body_bytes * 3 // 2,  # base64, and the fields beside the picture
    )
    # A key protects from pages of other sites: a browser does not send one for them.
    protected = access if keys else CrossSite(access, Hosts(service))
    return with_cors(Metered(protected, shotgun.instruments, request_metrics), service.access)


class Closes(Protocol):
    """Something that holds connections."""

    async def close(self) -> None:
        """Close them."""


def _closing(*used: Closes) -> Lifespan[Starlette]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for one in used:
            await one.close()

    return lifespan
