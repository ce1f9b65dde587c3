"""Pages of a caller's durable jobs, the newest first."""

from datetime import UTC, datetime
from typing import Final

from dbos import DBOS, WorkflowStatus

from serve_app.jobs.execution import workflows
from serve_app.jobs.reading import state_from
from serve_app.jobs.state import JobPage, JobPhase, JobQuery

TIES: Final = 100
"""Jobs that a page may have beyond its limit, so that none accepted at the same moment falls between two pages.

A moment is a millisecond; on SQLite, where DBOS stores whole seconds, a second.
"""
_STATUSES: dict[JobPhase, list[str]] = {
    "queued": list(workflows.ACTIVE),
    "running": list(workflows.ACTIVE),
    "cancelled": ["CANCELLED"],
}
"""DBOS statuses of workflows whose job may be in a phase; any for other phases."""


async def job_page(query: JobQuery) -> JobPage:
    """A page of jobs; raises ValueError for a query that is not limited to a caller."""
    if query.key_id is None and query.job_ids is None:
        raise ValueError("a key or ids are expected")
    found = await DBOS.list_workflows_async(
        name=workflows.JOB,
        user=query.key_id,
        workflow_ids=None if query.job_ids is None else list(query.job_ids),
        status=_STATUSES.get(query.phase) if query.phase else None,
        end_time=_before(query.before_ms),
        limit=query.limit + TIES,
        sort_desc=True,
        load_output=False,
    )
    shown = _first(found, query.limit)
    states = [state for status in shown if (state := await state_from(status))]
    states.sort(key=lambda state: state.order.created_at, reverse=True)  # SQLite knows the seconds alone
    wanted = tuple(state for state in states if query.phase in (None, state.phase))
    return JobPage(wanted, shown[-1].created_at if len(shown) < len(found) else None)


def _before(before_ms: int | None) -> str | None:
    """The last moment of a page, as DBOS takes it: it rounds down to milliseconds, and includes them."""
    return None if before_ms is None else datetime.fromtimestamp((before_ms - 0.5) / 1000, UTC).isoformat()


def _first(found: list[WorkflowStatus], limit: int) -> list[WorkflowStatus]:
    """The first ones, with those that were accepted at the same moment as the last of them."""
    count = min(limit, len(found))
    while count < len(found) and found[count].created_at == found[count - 1].created_at:
        count += 1
    return found[:count]
