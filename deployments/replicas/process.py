"""The process of a replica that works on pixels."""

from typing import Any

import ray

from cutout.pixels.cores import give_way
from cutout.replica_port import close_to_others
from cutout.telemetry.job_context import log_to_serve
from deployments.engines.freed_memory import keep_memory


def enter_process() -> None:
    """Set up logging, keep others out of the replica's ports, and lower the priority below that of the ingress.

    Memory that is freed is kept for the next picture.
    """
    close_to_others()
    log_to_serve()
    if ray.is_initialized():  # in Serve's local testing mode the process is the caller's own
        give_way()
        keep_memory()


def put(value: Any) -> Any:
    """Store a value in Ray's object store and return its reference; in Serve's local testing mode, the value itself."""
    return ray.put(value) if ray.is_initialized() else value
