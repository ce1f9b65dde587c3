"""The job that the current work belongs to, for traces and log lines in every replica that takes part.

A call between replicas passes the job's id as `part_of`, and `followed` sets it in the callee. The request id is passed
by Ray Serve itself.
"""

import logging
import time
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

from opentelemetry import trace

PACKAGES = ("cutout", "deployments", "serve_app")
JOB_ID = "cutout.job_id"
"""The attribute of a span that holds the job's id."""
SERVE = "ray.serve"
"""Ray Serve's logger, with the file, encoding (text or JSON) and level of serve_config.yaml."""
M = TypeVar("M", bound=Callable[..., Coroutine[Any, Any, Any]])
logger = logging.getLogger(__name__)
_job_id: ContextVar[str] = ContextVar("job_id", default="")


def follow(job_id: str) -> None:
    """Set the job of the current task, and of its span if it is traced."""
    _job_id.set(job_id)
    trace.get_current_span().set_attribute(JOB_ID, job_id)


def current_job() -> str:
    """The id of the job that the current task belongs to; empty if none."""
    return _job_id.get()


def followed(method: M) -> M:
    """Wrap a method that other replicas call: it takes the job's id as `part_of`, and logs its duration.

    Without an id the work belongs to the job that it belonged to: such methods may call each other.
    """

    @wraps(method)
    async def call(*arguments: Any, part_of: str = "", **named: Any) -> Any:
        if part_of:
            follow(part_of)
        started = time.perf_counter()
        try:
            return await method(*arguments, **named)
        finally:
            logger.info("%s in %.1f ms", method.__name__, (time.perf_counter() - started) * 1000)

    return cast(M, call)


class _ToServe(logging.Handler):
    """Passes records to Ray Serve's logger, which each replica reconfigures when its configuration changes."""

    def emit(self, record: logging.LogRecord) -> None:
        serve = logging.getLogger(SERVE)
        if serve.isEnabledFor(record.levelno):
            # Serve's JSON already has a job_id: that of Ray's driver.
            record.cutout_job_id = current_job()
            serve.handle(record)


def log_to_serve() -> None:
    """Send what our packages log in this replica to Serve's logger. Idempotent."""
    for name in PACKAGES:
        ours = logging.getLogger(name)
        ours.setLevel(logging.INFO)
        ours.propagate = False
        ours.handlers = [_ToServe()]
