"""A job's state from the database: its order is the workflow's input, its results are the steps' outputs."""

from dataclasses import replace
from typing import Any

from dbos import DBOS, WorkflowStatus

from cutout.accounts.rate_limit import JobSlot
from cutout.errors import NotFound
from serve_app.jobs.execution import workflows
from serve_app.jobs.state import COMPARISON, MODEL_RESULT, ORDER, STEP, UPSCALE_RESULT, JobPhase, JobState, Order

MODEL = "model:"
"""Prefix of the name of a model's step; its id follows."""
NEXT = "next"
"""A step of `auto` that decides which models run next."""
UPSCALE = "upscale"
"""The step of an order that enlarges the picture itself."""
FINISH = "finish"
"""The step after which a job has ended, although its workflow may still deliver a webhook."""


async def order_of(job_id: str) -> Order | None:
    """A job's order, with the webhook's secret; None when there is no such job, or it was swept."""
    return _order(await DBOS.get_workflow_status_async(job_id))


async def state_of(job_id: str) -> JobState | None:
    """A job's state; None when there is no such job, or it was swept."""
    status = await DBOS.get_workflow_status_async(job_id)
    return await state_from(status) if status else None


async def state_from(status: WorkflowStatus) -> JobState | None:
    """The state of the job whose workflow has this status; None for a workflow that is no job."""
    order = _order(status)
    if order is None:
        return None
    steps = await DBOS.list_workflow_steps_async(status.workflow_id)
    outputs: dict[str, Any] = {step["function_name"]: step["output"] for step in steps if step["output"]}
    results = tuple(
        MODEL_RESULT.validate_python(outputs[MODEL + name])
        for name in order.selection.result_ids
        if MODEL + name in outputs
    )
    upscaled = UPSCALE_RESULT.validate_python(outputs[UPSCALE]) if UPSCALE in outputs else None
    told = (step["output"] for step in steps if step["function_name"] == NEXT)
    decisions = tuple(STEP.validate_python(output) for output in told if output)
    bare = replace(order, webhook_secret=None, sealed_secret=None)
    state = JobState(bare, "queued", results, upscaled=upscaled, decisions=decisions)
    if FINISH in outputs:
        comparison = COMPARISON.validate_python(outputs[FINISH].get("comparison"))  # 1.0.0 stored none
        return replace(state, phase=state.status, ended_at=outputs[FINISH]["at"], comparison=comparison)
    phase = _phase(status.status, begun=state.progress > 0)
    ended_at = (status.completed_at or status.updated_at or 0) / 1000 if phase in ("cancelled", "failed") else None
    error = "The service failed; its log has the reason" if phase == "failed" else None
    return replace(state, phase=phase, ended_at=ended_at, error=error)


async def unfinished() -> list[JobSlot]:
    """The slots of jobs that are not done."""
    found = await DBOS.list_workflows_async(name=workflows.JOB, status=list(workflows.ACTIVE), load_output=False)
    orders = (_order(status) for status in found)
    return [order.slot for order in orders if order and order.slot]


async def at_work() -> frozenset[str]:
    """The ids of unfinished jobs."""
    found = await DBOS.list_workflows_async(
        name=workflows.JOB, status=list(workflows.ACTIVE), load_input=False, load_output=False
    )
    return frozenset(status.workflow_id for status in found)


async def known_state(job_id: str) -> JobState:
    """A job's state; raises NotFound when there is no such job."""
    state = await state_of(job_id)
    if state is None:
        raise NotFound("No such job; it may have been swept")
    return state


def _order(status: WorkflowStatus | None) -> Order | None:
    if status is None or status.name != workflows.JOB or status.input is None:
        return None
    return ORDER.validate_python(status.input["args"][0])


def _phase(status: str, *, begun: bool) -> JobPhase:
    """The phase of a job that has not finished, from its workflow's status."""
    match status:
        case "CANCELLED":
            return "cancelled"
        case "ENQUEUED" | "DELAYED" if not begun:
            return "queued"
        case "ENQUEUED" | "DELAYED" | "PENDING":
            return "running"
        case _:
            return "failed"
