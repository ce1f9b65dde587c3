"""Durable jobs for many tests: DBOS, its threads and its database go on from one worker to the next.

Beginning anew takes longer than most jobs, and so do the first statements, which SQLAlchemy compiles for each engine.
A worker is begun anew, with models, ledger and pictures of its own, and finds no jobs. How DBOS begins and ends is the
subject of the tests that use `durable_jobs.working`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from dbos import DBOS, _dbos

from serve_app.jobs.execution import workflows
from tests.support.durable_jobs import Works, working
from tests.support.patience import when

_launch, _stop = workflows.launch, workflows.stop


class Lasting:
    """The jobs of one database, which workers follow each other on."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self._dbos: DBOS | None = None
        self._concurrency = 0

    @asynccontextmanager
    async def working(self, folder: Path, **given: Any) -> AsyncIterator[Works]:
        """A worker at work, as of `durable_jobs.working`."""
        with mock.patch.multiple(workflows, launch=self._begin, stop=lambda: None):
            try:
                async with working(folder, self.database_url, **given) as works:
                    yield works
            finally:
                await self._emptied()

    async def _begin(self, runners: workflows.Runners, database_url: str, concurrency: int) -> None:
        if self._dbos and self._dbos is _running() and concurrency == self._concurrency:
            workflows._runners = runners
            self._dbos._background_event_loop.set_main_loop()
        else:
            await asyncio.to_thread(_stop)
            await _launch(runners, database_url, concurrency)
            self._dbos, self._concurrency = _running(), concurrency

    async def _emptied(self) -> None:
        """End what is still at work, and forget it all."""
        at_work = _running()
        assert at_work
        while left := await DBOS.list_workflows_async(load_input=False, load_output=False):
            await DBOS.cancel_workflows_async([one.workflow_id for one in left if one.status in workflows.ACTIVE])
            for task in [*at_work._workflow_tasks]:
                task.cancel()
            await when(lambda: not at_work._active_workflows_set.activeList())
            await DBOS.delete_workflows_async([one.workflow_id for one in left])

    def end(self) -> None:
        """Stop DBOS, if nobody else has begun one since."""
        if self._dbos and self._dbos is _running():
            _stop()


@contextmanager
def lasting(database_url: str) -> Iterator[Lasting]:
    """The jobs of a database, until the end of this context."""
    jobs = Lasting(database_url)
    yield jobs
    jobs.end()


def _running() -> DBOS | None:
    """The one DBOS of this process."""
    return _dbos._dbos_global_instance
