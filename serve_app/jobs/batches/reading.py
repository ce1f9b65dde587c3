"""A batch's state from the database: its order is the workflow's input, its ended items are the steps' outputs."""

from dataclasses import replace
from typing import Any, Final

from dbos import DBOS, WorkflowStatus

from cutout.errors import NotFound
from serve_app.jobs.batches.batch import (
    BATCH,
    ITEM_STATE,
    NEVER_BEGUN,
    QUEUED,
    BatchOrder,
    BatchState,
    ItemState,
    phase_of,
)
from serve_app.jobs.execution import workflows
from serve_app.jobs.reading import FINISH, SERVICE_FAILED, state_from

ITEM: Final = "item:"
"""Prefix of the name of an item's step; its place in the order follows, from 0."""


async def batch_order_of(batch_id: str) -> BatchOrder | None:
    """A batch's order, with the webhook's secret; None when there is no such batch, or it was swept."""
    return _order(await DBOS.get_workflow_status_async(batch_id))


async def batch_of(batch_id: str) -> BatchState | None:
    """A batch's state; None when there is no such batch, or it was swept."""
    status = await DBOS.get_workflow_status_async(batch_id)
    order = _order(status)
    if status is None or order is None:
        return None
    outputs = await _outputs(batch_id)
    end = outputs.get(FINISH)
    items = await _items(order, outputs, over=end is not None or status.status not in workflows.ACTIVE)
    bare = BatchState(replace(order, sealed_secret=None), "queued", items)
    if end:
        return replace(bare, phase=phase_of(items), ended_at=end["at"])
    match status.status:
        case "ENQUEUED" | "DELAYED" if not outputs:
            return bare
        case "ENQUEUED" | "DELAYED" | "PENDING":
            return replace(bare, phase="running")
    ended_at = (status.completed_at or status.updated_at or 0) / 1000
    if status.status == "CANCELLED":
        return replace(bare, phase="cancelled", ended_at=ended_at)
    return replace(bare, phase="failed", ended_at=ended_at, error=SERVICE_FAILED)


async def known_batch(batch_id: str) -> BatchState:
    """A batch's state; raises NotFound when there is no such batch."""
    state = await batch_of(batch_id)
    if state is None:
        raise NotFound("No such batch; it may have been swept")
    return state


async def spent_usd(batch_id: str) -> float:
    """What the ended items of a batch have cost."""
    outputs = await _outputs(batch_id)
    return sum(item.cost_usd for item in _ended(outputs).values())


def _order(status: WorkflowStatus | None) -> BatchOrder | None:
    if status is None or status.name != workflows.BATCH or status.input is None:
        return None
    return BATCH.validate_python(status.input["args"][0])


async def _outputs(batch_id: str) -> dict[str, Any]:
    steps = await DBOS.list_workflow_steps_async(batch_id)
    return {step["function_name"]: step["output"] for step in steps if step["output"]}


def _ended(outputs: dict[str, Any]) -> dict[int, ItemState]:
    return {
        int(name.removeprefix(ITEM)): ITEM_STATE.validate_python(output)
        for name, output in outputs.items()
        if name.startswith(ITEM)
    }


async def _items(order: BatchOrder, outputs: dict[str, Any], *, over: bool) -> tuple[ItemState, ...]:
    """The state of each item: stored where it has ended, else that of its job where it has begun."""
    ended = _ended(outputs)
    left = {item.job_id: number for number, item in enumerate(order.items) if number not in ended}
    begun = await DBOS.list_workflows_async(workflow_ids=list(left), load_output=False) if left else []
    for status in begun:
        if job := await state_from(status):
            ended[left[job.order.job_id]] = ItemState.of(job)
    missing = NEVER_BEGUN if over else QUEUED
    return tuple(ended.get(number, missing) for number in range(len(order.items)))
