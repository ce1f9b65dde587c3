"""What a job costs, set aside before and booked after it, and the job's own record. Work goes on without the ledger."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

from cutout.errors import CutoutError
from cutout.outcome import Job, ModelResult, Result
from cutout.purse import Charge, Purse, ceilings, charge
from cutout.records import JobRecord
from cutout.spec import Registry
from serve_app.choice import Choice

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Books(Purse, Protocol):
    """Budgets and jobs, wherever they are kept."""

    async def record(self, job: JobRecord) -> None:
        """Keep a job."""


class Bookkeeper:
    """Keeps the books of one shotgun. A ledger that is away for a moment stops nothing: the log says what it missed."""

    def __init__(self, books: Books, registry: Registry) -> None:
        self._books = books
        self._registry = registry

    @asynccontextmanager
    async def paid(self, job: Job, choice: Choice) -> AsyncIterator[tuple[Choice, dict[str, ModelResult]]]:
        """The choice less what budgets refuse, and room for results, whose costs are booked at the end.

        Raises:
            BudgetSpent: the budgets leave no model.
        """
        results: dict[str, ModelResult] = {}
        prices = self._prices(job, choice)
        if not prices:
            yield choice, results
            return
        limits = ceilings(self._registry.service.daily_ceiling_usd, job.key)
        refused = await self._unless_away(self._books.reserve(job.id, prices, limits)) or {}
        try:
            yield choice.without(refused), results
        finally:
            spent = [_real(c, results) for c in prices if c.model_id not in refused]
            await asyncio.shield(self._unless_away(self._books.settle(job.id, spent)))

    async def record(self, job: Job, result: Result) -> None:
        """Keep what came of a job, so that a pick can refer to it."""
        await self._unless_away(self._books.record(JobRecord.of(job, result, time.time())))

    def _prices(self, job: Job, choice: Choice) -> list[Charge]:
        specs = [self._registry.models[name] for name in choice.models]
        return [charge(spec, spec.price_usd, job.key) for spec in specs if not spec.local or spec.price_usd]

    async def _unless_away(self, asked: Awaitable[T]) -> T | None:
        try:
            return await asked
        except CutoutError as away:
            logger.warning("The ledger is away, work goes on without it: %s", away.message)
            return None


def _real(price: Charge, results: dict[str, ModelResult]) -> Charge:
    """What a model really cost. One whose result nobody waited for was abandoned: its price counts as spent."""
    result = results.get(price.model_id)
    return price if result is None else replace(price, usd=result.outcome.cost_usd)
