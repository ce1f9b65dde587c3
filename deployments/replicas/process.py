"""The process of a replica that works on pixels."""

import ray

from cutout.pixels.cores import give_way
from cutout.replica_port import close_to_others
from cutout.telemetry.job_context import log_to_serve


def enter_process() -> None:
    """Begin as each such replica does: log as Serve wants it, and give way to those who must answer at once."""
    close_to_others()
    log_to_serve()
    if ray.is_initialized():  # else it is everybody's process: Serve's local testing mode
        give_way()
