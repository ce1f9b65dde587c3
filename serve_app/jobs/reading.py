"""A job's state from the database: its order is the workflow's input, its results are the steps' outputs."""

from dataclasses import replace
from typing import Any

from dbos import DBOS, WorkflowStatus

from cutout.accounts.rate_limit import JobSlot
from cutout.errors import NotFound
from serve_app.jobs.execution import workflows
from serve_app.jobs.state import (
    COMPARISON,
    MODEL_RESULT,
    ORDER,
    SLOT,
    STEP,
    UPSCALE_RESULT,
    JobPhase,
    JobState,
    Order,
)

MODEL = "model:"
"""Prefix of the name of a model's step; its id follows."""
NEXT = "next"
"""A step of `auto` that decides which models run next."""
UPSCALE = "upscale"
"""The step of an order that enlarges the picture itself."""
FINISH = "finish"
"""The step after which a job has ended, although its workflow may still deliver a webhook."""
SERVICE_FAILED = "The service failed; its log has the reason"


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
    error = SERVICE_FAILED if phase == "failed" else None
    return replace(state, phase=phase, ended_at=ended_at, error=error)


async def unfinished() -> list[JobSlot]:
    """The slots of jobs and batches that are not done."""
    found = await DBOS.list_workflows_async(
        name=[workflows.JOB, workflows.BATCH], status=list(workflows.ACTIVE), load_output=False
    )
    return [slot for status in found if (slot := _slot(status))]


async def at_work() -> frozenset[str]:
    """The ids of unfinished jobs, and of unfinished batches and all of their jobs, begun or not."""
    jobs = await DBOS.list_workflows_async(
        name=workflows.JOB, status=list(workflows.ACTIVE), load_input=False, load_output=False
    )
    batches = await DBOS.list_workflows_async(name=workflows.BATCH, status=list(workflows.ACTIVE), load_output=False)
    items = (item["job_id"] for batch in batches if batch.input for item in batch.input["args"][0]["items"])
    return frozenset([*(one.workflow_id for one in (*jobs, *batches)), *items])


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


def _slot(status: WorkflowStatus) -> JobSlot | None:
    """The slot of a job, or of a batch, whose many items are not read."""
    if status.name == workflows.BATCH and status.input:
        return SLOT.validate_python(status.input["args"][0]["slot"])
    order = _order(status)
    return order.slot if order else None


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
