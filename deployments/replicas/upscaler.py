"""The replica of the upscaler."""

from cutout.service import ServiceSpec
from cutout.telemetry.job_context import followed
from deployments.engines.freed_memory import returning_memory
from deployments.replicas.process import enter_process
from deployments.upscaler import Upscaler


class UpscalerReplica(Upscaler):
    """An Upscaler whose log lines name the job that they belong to."""

    def __init__(self, service: ServiceSpec) -> None:
        enter_process()
        super().__init__(service.encode)

    upscale = followed(returning_memory(Upscaler.upscale))
    upscale_picture = followed(returning_memory(Upscaler.upscale_picture))
    compose = followed(returning_memory(Upscaler.compose))
