"""The deployment of durable jobs, as its callers see it."""

from collections.abc import Mapping
from typing import Any, cast

from serve_app.fanout.handles import TRIES, Call, Deployment
from serve_app.jobs.jobs import Jobs

KEPT_S = 30.0
"""Longest wait for the replica, which itself waits for its database."""
CANCEL_S = 60.0
"""Longest wait for a cancellation: stopping the job's models may take half of it."""
KEPT = Call(TRIES, KEPT_S)
JOBS_CALLS: Mapping[str, Call] = {
    "check": KEPT,
    "accept": KEPT,
    "state": KEPT,
    "changed": KEPT,
    "cancel": Call(TRIES, CANCEL_S),
    "page": KEPT,
    "forget": Call(TRIES, CANCEL_S),
    "delivery": KEPT,
    "redeliver": KEPT,
}
UNREACHABLE = "Jobs cannot be reached for now; those that were accepted are kept"


def jobs_handle(handle: Any) -> Jobs:
    """The Jobs behind a Serve handle of their deployment."""
    return cast(Jobs, Deployment("Jobs", handle, JOBS_CALLS, UNREACHABLE))
