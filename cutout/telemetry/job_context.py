"""The job that the work at hand belongs to: known in every replica that has a part in it, and in every line it logs.

A caller says with a call what job it is `part_of`, and `followed` makes that the context of the callee. The request's
id crosses by itself: Ray Serve carries it.
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
"""The job's name in a trace."""
SERVE = "ray.serve"
"""Ray Serve's logger: it has the file, the form (text or JSON) and the level that serve_config.yaml names."""
M = TypeVar("M", bound=Callable[..., Coroutine[Any, Any, Any]])
logger = logging.getLogger(__name__)
_job_id: ContextVar[str] = ContextVar("job_id", default="")


def follow(job_id: str) -> None:
    """From here on, the work of this task is that of a job; its trace, where there is one, says so."""
    _job_id.set(job_id)
    trace.get_current_span().set_attribute(JOB_ID, job_id)


def current_job() -> str:
    """The job that the work at hand belongs to; empty where it belongs to none."""
    return _job_id.get()


def followed(method: M) -> M:
    """The method of a replica as others call it: it is told what job it is `part_of`, and logs its time."""

    @wraps(method)
    async def call(*arguments: Any, part_of: str = "", **named: Any) -> Any:
        follow(part_of)
        started = time.perf_counter()
        try:
            return await method(*arguments, **named)
        finally:
            logger.info("%s in %.1f ms", method.__name__, (time.perf_counter() - started) * 1000)

    return cast(M, call)


class _ToServe(logging.Handler):
    """Hands records to Ray Serve's logger, which each replica sets up anew when its configuration changes."""

    def emit(self, record: logging.LogRecord) -> None:
        serve = logging.getLogger(SERVE)
        if serve.isEnabledFor(record.levelno):
            # Serve's JSON has a job_id of its own: Ray's, which is the driver's.
            record.cutout_job_id = current_job()
            serve.handle(record)


def log_to_serve() -> None:
    """Let what our packages log in this replica go where Serve's own lines go. Done twice it is done once."""
    for name in PACKAGES:
        ours = logging.getLogger(name)
        ours.setLevel(logging.INFO)
        ours.propagate = False
        ours.handlers = [_ToServe()]
