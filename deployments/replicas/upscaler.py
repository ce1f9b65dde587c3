"""The replica of the upscaler."""

import ray

from cutout.cores import give_way
from cutout.spec import ServiceSpec
from cutout.trail import followed, log_to_serve
from deployments.upscaler import Upscaler


class UpscalerReplica(Upscaler):
    """An Upscaler whose lines name the job they belong to."""

    def __init__(self, service: ServiceSpec) -> None:
        log_to_serve()
        if ray.is_initialized():  # else it is everybody's process
            give_way()
        super().__init__(service.encode)

    upscale = followed(Upscaler.upscale)
    upscale_picture = followed(Upscaler.upscale_picture)
    compose = followed(Upscaler.compose)
