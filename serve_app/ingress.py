"""The Serve deployment Ingress: the HTTP service, and the same operations as methods for callers by handle."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ray import serve
from ray.serve.handle import DeploymentHandle
from starlette.types import ASGIApp

from cutout.accounts.keys import KeyRing
from cutout.jobs import Enlargement, Job, Output, Terms, new_id
from cutout.models.registry import Registry
from cutout.models.selection import CHOICES
from cutout.models.spec import ModelSpec
from cutout.pixels.plain import OutputFormat
from cutout.replica_port import close_to_others
from cutout.results import Result, Upscaled
from cutout.telemetry.job_context import log_to_serve
from cutout.telemetry.metrics import Instruments
from serve_app.app import create_app
from serve_app.contract import PictureForm, ProcessForm, RemoveForm, UpscaleForm
from serve_app.endpoints.health import health_body
from serve_app.endpoints.models import models_body
from serve_app.fanout.dependencies import Dependencies
from serve_app.fanout.handles import combiner_handle, ledger_handle, model_handle, put, upscaler_handle
from serve_app.fanout.resting import Resting
from serve_app.fanout.selection import select_models
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.jobs.handle import jobs_handle
from serve_app.process.listening import listen
from serve_app.requests.bodies.fields import checked
from serve_app.requests.forms import given_picture, known_models
from serve_app.settings import Settings
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer
from serve_app.telemetry.requests import RequestMetrics
from serve_app.telemetry.tracing import start_tracing

F = TypeVar("F", bound=PictureForm)


class ServiceIngress:
    """One ingress replica, reachable by HTTP and by handle."""

    def __init__(
        self,
        registry: Registry,
        models: Mapping[str, DeploymentHandle[Any]],
        upscaler: DeploymentHandle[Any],
        combiner: DeploymentHandle[Any],
        ledger: DeploymentHandle[Any],
        *,
        detailer: DeploymentHandle[Any],
        jobs: DeploymentHandle[Any],
        keys_file: Path | None,
        instruments: Callable[[], Instruments],
        prepare: Callable[[ModelSpec], None] | None,
    ) -> None:
        settings = Settings()
        close_to_others()
        log_to_serve()
        start_tracing(settings.traces_to)
        handles = {model_id: model_handle(registry.models[model_id], handle) for model_id, handle in models.items()}
        self._ledger = ledger_handle(ledger)
        self._keys = KeyRing.load(keys_file) if keys_file else None
        self._shotgun = Shotgun(
            registry,
            handles,
            upscaler_handle(upscaler),
            combiner_handle(combiner),
            self._ledger,
            detailer=upscaler_handle(detailer, "Detailer"),
            share=put,
            instruments=instruments(),
            prepare=prepare,
            resting=Resting(registry.models).find,
        )
        self._shotgun.decoder.start()
        signer = Signer.load(settings.data_dir, settings.url_secret, registry.service.jobs.url_expires_s)
        durable_jobs = jobs_handle(jobs)
        self._dependencies = Dependencies({"ledger": self._ledger.check, "jobs": durable_jobs.check})
        self._durable = Durable(durable_jobs, PictureStore.at(settings.pictures), signer)
        self._request_metrics = RequestMetrics()
        self._watching: list[asyncio.Task[None]] = []

    async def __serve_build_asgi_app__(self) -> ASGIApp:
        listen()
        self._watching = [asyncio.create_task(one.watch()) for one in (self._shotgun.statuses, self._dependencies)]
        return create_app(
            self._shotgun,
            self._ledger,
            self._keys,
            self._durable,
            self._request_metrics,
            dependencies=self._dependencies,
        )

    async def remove_background(
        self, image: bytes, models: Sequence[str] = ("all",), output_format: OutputFormat = "png"
    ) -> Result:
        """Every model's cutout of a picture file; raises CutoutError where HTTP would answer with it."""
        values = {"image": image, "include_models": models, "output_format": output_format}
        form, picture = self._checked(RemoveForm, values)
        return await self._run(picture, form.include_models, Output(form.output_format))

    async def process(
        self, image: bytes, models: Sequence[str] = ("all",), factor: int = 4, output_format: OutputFormat = "png"
    ) -> Result:
        """Every model's cutout, enlarged by `factor`, 2 or 4."""
        values = {"image": image, "bg_models": models, "upscale_factor": factor, "output_format": output_format}
        form, picture = self._checked(ProcessForm, values)
        return await self._run(picture, form.bg_models, Output(form.output_format, form.upscale_factor))

    async def upscale(
        self, image: bytes, factor: int = 4, output_format: OutputFormat = "png", preserve_alpha: bool = True
    ) -> Upscaled:
        """A picture enlarged by `factor`, 2 or 4."""
        values = {"image": image, "scale_factor": factor, "output_format": output_format}
        form, picture = self._checked(UpscaleForm, {**values, "preserve_alpha": preserve_alpha})
        asked = (form.scale_factor, form.output_format, form.preserve_alpha)
        return await self._shotgun.upscale(Enlargement(new_id(), picture, *asked))

    async def health(self) -> dict[str, Any]:
        """As GET /health."""
        return health_body(self._shotgun.statuses, self._dependencies.states())

    async def models(self) -> dict[str, Any]:
        """As GET /models."""
        return models_body(self._shotgun.statuses)

    async def drain(self) -> None:
        """Report this replica as not ready, and wait until it has answered its requests."""
        await self._request_metrics.drain()

    def _checked(self, form: type[F], values: Mapping[str, Any]) -> tuple[F, bytes]:
        """The arguments, checked as HTTP does, and the picture's bytes; errors name HTTP's fields."""
        listed = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        fields = checked(form, listed)
        return fields, given_picture(fields, self._shotgun.registry.service.limits).data

    async def _run(self, image: bytes, models: Sequence[str], output: Output) -> Result:
        known = known_models(models, (*CHOICES, *self._shotgun.registry.models), "models")
        selection = select_models(known, Terms(), self._shotgun.statuses)
        return await self._shotgun.run(Job(new_id(), image, selection, output))


Ingress = serve.deployment(serve.ingress()(ServiceIngress), name="Ingress")
