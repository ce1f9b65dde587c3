"""What a job costs, set aside before and booked after it, and the job's own record. Without a ledger nobody is paid."""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from cutout.accounts.charges import Charge, ceilings, charge
from cutout.errors import CutoutError
from cutout.jobs import Job, Result
from cutout.ledger import Ledger
from cutout.models.registry import Registry
from cutout.models.selection import ModelSelection
from cutout.picks.job_record import JobRecord
from serve_app.fanout.settlements import Settlements

logger = logging.getLogger(__name__)
LEDGER_S = 5.0
"""Longest wait for the ledger, in seconds."""
AWAY = "its price cannot be set aside for now, since the ledger is away or cannot be written"


class Billing:
    """Reserves and books what jobs cost. While the ledger cannot be reached, only free models run."""

    def __init__(self, ledger: Ledger, registry: Registry) -> None:
        self._ledger = ledger
        self._registry = registry
        self._settlements = Settlements(ledger)

    @asynccontextmanager
    async def paid(self, job: Job, selection: ModelSelection) -> AsyncIterator[tuple[ModelSelection, dict[str, float]]]:
        """The choice less what budgets refuse, and room for what each model has cost, in USD, booked at the end.

        A model that nothing is said of there was on its way when the job ended: its price counts as spent.

        Raises:
            BudgetSpent: the budgets leave no model.
        """
        costs: dict[str, float] = {}
        prices = self._prices(job, selection)
        if not prices:
            yield selection, costs
            return
        hold_id, begun = str(uuid.uuid4()), list[Charge]()
        try:
            refused = await self._refused(hold_id, prices, job)
            left = selection.without(refused)
            begun = [price for price in prices if price.model_id not in refused]
            yield left, costs
        finally:
            spent = [replace(price, usd=costs.get(price.model_id, price.usd)) for price in begun]
            await asyncio.shield(self._settlements.settle(hold_id, spent))

    async def record(self, job: Job, result: Result) -> None:
        """Keep what came of a job, so that a pick can refer to it."""
        try:
            async with asyncio.timeout(LEDGER_S):
                await self._ledger.record(JobRecord.of(job.selection.asked, job.output, job.key, result, time.time()))
        except (CutoutError, TimeoutError) as away:
            logger.warning("The ledger is away, and a job is not recorded: %s", away or "no answer")

    def _prices(self, job: Job, selection: ModelSelection) -> list[Charge]:
        specs = [self._registry.models[name] for name in selection.models]
        return [charge(spec, spec.price_usd, job.key) for spec in specs if not spec.local or spec.price_usd]

    async def _refused(self, hold_id: str, prices: Sequence[Charge], job: Job) -> Mapping[str, str]:
        """Models that may not be paid, each with the reason; without a ledger, all that have a price."""
        limits = ceilings(self._registry.service.daily_ceiling_usd, job.key)
        try:
            async with asyncio.timeout(LEDGER_S):
                return await self._ledger.reserve(hold_id, prices, limits)
        except (CutoutError, TimeoutError) as away:
            logger.warning("The ledger is away, and nobody is paid: %s", away or "no answer")
            return {price.model_id: AWAY for price in prices if price.usd}
