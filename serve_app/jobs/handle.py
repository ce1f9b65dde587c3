"""The deployment of durable jobs and batches, as its callers see it."""

from collections.abc import Mapping
from typing import Any, cast

from serve_app.fanout.handles import TRIES, Call, Deployment
from serve_app.jobs.acceptance import Worker

KEPT_S = 30.0
"""Longest wait for the replica, which itself waits for its database."""
CANCEL_S = 60.0
"""Longest wait for a cancellation: stopping the job's models may take half of it."""
FORGET_S = 280.0
"""Longest wait until all that is stored of a batch is deleted: hundreds of jobs."""
KEPT = Call(TRIES, KEPT_S)
JOBS_CALLS: Mapping[str, Call] = {
    "check": KEPT,
    "accept": KEPT,
    "state": KEPT,
    "changed": KEPT,
    "cancel": Call(TRIES, CANCEL_S),
    "page": KEPT,
    "forget": Call(TRIES, CANCEL_S),
    "accept_batch": KEPT,
    "batch": KEPT,
    "cancel_batch": Call(TRIES, CANCEL_S),
    "forget_batch": Call(TRIES, FORGET_S),
    "delivery": KEPT,
    "redeliver": KEPT,
}
UNREACHABLE = "Jobs cannot be reached for now; those that were accepted are kept"


def jobs_handle(handle: Any) -> Worker:
    """The worker behind a Serve handle of its deployment."""
    return cast(Worker, Deployment("Jobs", handle, JOBS_CALLS, UNREACHABLE))
