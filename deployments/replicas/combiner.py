"""The replica of the combiner."""

from cutout.service import ServiceSpec
from cutout.telemetry.job_context import followed
from deployments.combiner import Combiner
from deployments.engines.freed_memory import returning_memory
from deployments.replicas.process import enter_process


class CombinerReplica(Combiner):
    """A Combiner whose log lines name the job that they belong to."""

    def __init__(self, service: ServiceSpec) -> None:
        enter_process()
        super().__init__(service.encode)

    combine = followed(returning_memory(Combiner.combine))
