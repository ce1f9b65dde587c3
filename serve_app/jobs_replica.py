"""The Serve deployment Jobs: runs durable jobs, through the same fan-out as the ingress."""

from collections.abc import Callable, Mapping
from typing import Any

from ray.serve.handle import DeploymentHandle

from cutout.models.registry import Registry
from cutout.replica_port import close_to_others
from cutout.telemetry.job_context import log_to_serve
from cutout.telemetry.metrics import Instruments
from serve_app.fanout.handles import combiner_handle, ledger_handle, model_handle, put, upscaler_handle
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.worker import JobsWorker
from serve_app.settings import Settings
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer
from serve_app.telemetry.tracing import start_tracing


class JobsReplica(JobsWorker):
    """The worker of durable jobs; it has started when the replica is ready."""

    async def __init__(  # type: ignore[misc]
        self,
        registry: Registry,
        models: Mapping[str, DeploymentHandle[Any]],
        upscaler: DeploymentHandle[Any],
        combiner: DeploymentHandle[Any],
        ledger: DeploymentHandle[Any],
        *,
        detailer: DeploymentHandle[Any],
        instruments: Callable[[], Instruments],
    ) -> None:
        close_to_others()
        log_to_serve()
        settings, counts = Settings(), ledger_handle(ledger)
        start_tracing(settings.traces_to)
        handles = {model_id: model_handle(registry.models[model_id], handle) for model_id, handle in models.items()}
        shotgun = Shotgun(
            registry,
            handles,
            upscaler_handle(upscaler),
            combiner_handle(combiner),
            counts,
            detailer=upscaler_handle(detailer, "Detailer"),
            share=put,
            instruments=instruments(),
            records=False,
        )
        signer = Signer.load(settings.data_dir, settings.url_secret, registry.service.jobs.url_expires_s)
        store = PictureStore.at(settings.pictures)
        super().__init__(shotgun, counts, store, signer, database_url=settings.database_url)
        await self.start()
