"""The replica of a removal model."""

from pathlib import Path

import ray

from cutout.limits import LimitsSpec
from cutout.models.spec import ModelSpec
from cutout.service import ServiceSpec
from cutout.telemetry.job_context import followed
from deployments.backends.base import Resources
from deployments.engines.freed_memory import returning_memory
from deployments.instruments import serve_instruments
from deployments.remover import Remover
from deployments.replicas.process import enter_process, put


class RemoverReplica(Remover):
    """A Remover with the resources that Ray gave its replica."""

    async def __init__(self, spec: ModelSpec, service: ServiceSpec, cache: Path) -> None:  # type: ignore[misc]
        enter_process()
        super().__init__(spec, _given(cache, service.limits), service.encode, service.retry_unavailable_s, put)
        await self.start()

    remove = followed(returning_memory(Remover.remove))


def _given(cache: Path, limits: LimitsSpec) -> Resources:
    if not ray.is_initialized():  # Serve's local testing mode
        return Resources(cache=cache, instruments=serve_instruments(), limits=limits)
    assigned = ray.get_runtime_context().get_assigned_resources()
    return Resources(assigned.get("CPU", 0.0), assigned.get("GPU", 0.0), cache, serve_instruments(), limits)
