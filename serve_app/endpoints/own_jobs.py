"""Whose request it is, and the durable job of its address, if that caller may use it."""

from starlette.requests import Request

from cutout.accounts.keys import KeyRecord
from cutout.errors import NotFound
from serve_app.jobs.jobs import Jobs
from serve_app.jobs.state import JobState
from serve_app.storage.pictures import JOB_ID


def key_id_of(request: Request) -> str | None:
    """The id of the caller's API key, if there is one."""
    key: KeyRecord | None = request.state.key
    return key.id if key else None


def caller_of(request: Request) -> str:
    """The namespace of the caller's idempotency keys; without API keys, one for all callers."""
    return f"key:{key_id}" if (key_id := key_id_of(request)) else "anonymous"


async def own_job(jobs: Jobs, request: Request) -> JobState:
    """The job of the address; raises NotFound for a job of another key, too."""
    job_id = request.path_params["job_id"]
    state = await jobs.state(job_id) if JOB_ID.fullmatch(job_id) else None
    if state is None or (state.order.key and state.order.key.id != key_id_of(request)):
        raise NotFound("No such job; it may have been swept")
    return state
