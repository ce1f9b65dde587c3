"""build_app(args): the only place where the service is wired."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray.serve import Application
from ray.serve.handle import DeploymentHandle

from cutout.registry import load_registry
from cutout.spec import ModelSpec, Registry, ServiceSpec
from cutout.trail import followed, log_to_serve
from deployments.backends import load_backend
from deployments.backends.base import Resources
from deployments.books import Books
from deployments.instruments import serve_instruments
from deployments.remover import Remover
from deployments.upscaler import Upscaler
from serve_app.handles import LedgerHandle, ModelHandle, UpscalerHandle
from serve_app.ingress import Ingress, put
from serve_app.job_work import PartBooks
from serve_app.jobs import Jobs
from serve_app.settings import Settings
from serve_app.shotgun import Shotgun
from serve_app.signing import Signer, load_secret
from serve_app.store import PictureStore
from serve_app.tracing import start_tracing

APP_NAME = "cutout"


class LedgerReplica(Books):
    """The books, brought up to date before the first request."""

    async def __init__(self, database_url: str, service: ServiceSpec) -> None:  # type: ignore[misc]
        log_to_serve()
        super().__init__(database_url, service.limits.request_s + 30, serve_instruments())
        await self.start()

    record = followed(Books.record)


class RemoverReplica(Remover):
    """A Remover with the resources that Ray gave its replica."""

    async def __init__(self, spec: ModelSpec, service: ServiceSpec, cache: Path) -> None:  # type: ignore[misc]
        log_to_serve()
        super().__init__(spec, _given(cache), service.encode, service.retry_unavailable_s)
        await self.start()

    remove = followed(Remover.remove)


class UpscalerReplica(Upscaler):
    """An Upscaler whose lines name the job they belong to."""

    def __init__(self, service: ServiceSpec) -> None:
        log_to_serve()
        super().__init__(service.encode)

    upscale = followed(Upscaler.upscale)
    upscale_picture = followed(Upscaler.upscale_picture)
    compose = followed(Upscaler.compose)


class JobsReplica(Jobs):
    """The worker of durable jobs, at work before the first request."""

    async def __init__(  # type: ignore[misc]
        self,
        registry: Registry,
        models: Mapping[str, DeploymentHandle[Any]],
        upscaler: DeploymentHandle[Any],
        ledger: DeploymentHandle[Any],
    ) -> None:
        log_to_serve()
        settings, books, instruments = Settings(), LedgerHandle(ledger), serve_instruments()
        start_tracing(settings.traces_to)
        handles = {model_id: ModelHandle(registry.models[model_id], handle) for model_id, handle in models.items()}
        shotgun = Shotgun(registry, handles, UpscalerHandle(upscaler), PartBooks(books), put, instruments=instruments)
        signer = Signer(load_secret(settings.data_dir, settings.url_secret), registry.service.jobs.url_expires_s)
        store = PictureStore.at(settings.pictures)
        super().__init__(shotgun, books, store, signer, database_url=settings.database_url)
        await self.start()


def build_app(args: dict[str, Any]) -> Application:
    """Every enabled model, the upscaler and the ingress, bound together.

    `args` may have `config_dir`; everything else is in configs/, and each deployment's scaling in serve_config.yaml.

    Raises:
        ConfigurationError: a wrong value in configs/: file, field and what was expected.
    """
    registry = check_config(args)
    settings = Settings()
    cache = settings.data_dir / "compiled"
    models = {
        model_id: serve.deployment(RemoverReplica, name=model_id).bind(spec, registry.service, cache)
        for model_id, spec in registry.models.items()
    }
    upscaler = serve.deployment(UpscalerReplica, name="Upscaler").bind(registry.service)
    ledger = serve.deployment(LedgerReplica, name="Ledger").bind(settings.database_url, registry.service)
    jobs = serve.deployment(JobsReplica, name="Jobs").bind(registry, models, upscaler, ledger)
    keys_file = settings.api_keys_file
    return Ingress.bind(registry, models, upscaler, ledger, jobs, keys_file=keys_file, instruments=serve_instruments)


def check_config(args: dict[str, Any]) -> Registry:
    """configs/ with every option checked, so that a wrong one stops the start, not a replica later; raises as above."""
    registry = load_registry(Path(args.get("config_dir") or Settings().config_dir))
    for spec in registry.models.values():
        load_backend(spec, Resources())
    return registry


def _given(cache: Path) -> Resources:
    if not ray.is_initialized():  # Serve's local testing mode
        return Resources(cache=cache, instruments=serve_instruments())
    assigned = ray.get_runtime_context().get_assigned_resources()
    return Resources(assigned.get("CPU", 0.0), assigned.get("GPU", 0.0), cache, serve_instruments())
