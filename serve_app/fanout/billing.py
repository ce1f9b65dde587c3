"""What a job costs: reserved before its models run, booked after; and the job's record. No ledger, no paid call.

The ledger may be away when a job ends, and the money is spent: its settlement is repeated until it is booked.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from cutout.accounts.charges import Charge, ceilings, payers
from cutout.errors import BudgetSpent, LedgerAway, ServiceUnavailable
from cutout.jobs import Job
from cutout.ledger import Ledger, best_effort
from cutout.models.registry import Registry
from cutout.models.selection import ModelSelection
from cutout.picks.job_record import JobRecord
from cutout.results import Result
from serve_app.fanout.job_end import leave_for_the_end

logger = logging.getLogger(__name__)
LEDGER_S = 5.0
"""Longest wait for the ledger, in seconds."""
NOT_PAID = partial(logger.warning, "The ledger does not answer; no model with a price is asked: %s")
NOT_RECORDED = partial(logger.warning, "The ledger does not answer; a job is not recorded: %s")
AWAY = "its price cannot be set aside for now, since the ledger is away or cannot be written"
SETTLED_S = 5.0
"""Longest time that a response waits for its settlement."""
TRY_S = 30.0
"""Longest wait for one try."""
GAP_S, LONGEST_GAP_S = 0.5, 30.0
"""Wait before the second try, doubled each time, and the longest one."""
MOST = 10_000
"""Most settlements under way. Beyond it the oldest is given up: its reservation is booked at its price."""
NOT_SETTLED = partial(logger.warning, "The ledger does not answer; a job's cost is booked later: %s")


class Billing:
    """Reserves and books what jobs cost. While the ledger cannot be reached, only free models run."""

    def __init__(self, ledger: Ledger, registry: Registry) -> None:
        self._ledger = ledger
        self._registry = registry
        self._settlements = Settlements(ledger.settle)

    @asynccontextmanager
    async def paid(self, job: Job, selection: ModelSelection) -> AsyncIterator[tuple[ModelSelection, dict[str, float]]]:
        """The selection without the models that budgets refuse, and an empty dict for what each model cost, in USD.

        The caller fills the dict; it is booked when the context ends. A model that is not in it may have been asked
        when the job ended, so its price counts as spent.

        Raises:
            BudgetSpent: the budgets leave no model.
            LedgerAway: the ledger would know whether they leave one, and does not answer.
        """
        costs: dict[str, float] = {}
        prices = self._prices(job, selection)
        if not prices:
            yield selection, costs
            return
        hold_id, begun = str(uuid.uuid4()), list[Charge]()
        try:
            refused = await self._refused(hold_id, prices, job)
            left = _left(selection, refused)
            begun = [price for price in prices if price.model_id not in refused]
            yield left, costs
        finally:
            spent = [replace(price, usd=costs.get(price.model_id, price.usd)) for price in begun]
            await asyncio.shield(self._settlements.settle(hold_id, spent))

    async def record(self, job: Job, result: Result) -> None:
        """Store a job with its results, so that a pick can refer to it: now, or at the end of its request."""
        asked = (job.selection.asked, job.output.format, job.output.factor)
        record = JobRecord.of(*asked, job.key, result, created_at=time.time())
        if not leave_for_the_end(record):
            await best_effort(self._ledger.record(record), LEDGER_S, NOT_RECORDED)

    def _prices(self, job: Job, selection: ModelSelection) -> list[Charge]:
        specs = [self._registry.models[name] for name in selection.models]
        paid = [spec for spec in specs if not spec.local or spec.price_usd]
        return [Charge(spec.id, spec.price_usd, payers(spec.provider, job.key)) for spec in paid]

    async def _refused(self, hold_id: str, prices: Sequence[Charge], job: Job) -> Mapping[str, str]:
        """Models that may not be paid, each with the reason; while the ledger is away, all that have a price."""
        limits = ceilings(self._registry.service.daily_ceiling_usd, job.key)
        refused = await best_effort(self._ledger.reserve(hold_id, prices, limits), LEDGER_S, NOT_PAID)
        if isinstance(refused, ServiceUnavailable):
            return {price.model_id: AWAY for price in prices if price.usd}
        return refused


def _left(selection: ModelSelection, refused: Mapping[str, str]) -> ModelSelection:
    """The selection less what is refused; LedgerAway where that is all of it, and the ledger would know more."""
    try:
        return selection.without(refused)
    except BudgetSpent as spent:
        if AWAY in refused.values():
            raise LedgerAway(spent.message, spent.details) from None
        raise


class Settlements:
    """The settlements that are not booked yet. Until they are, their reservations count as spent."""

    def __init__(self, settle: Callable[[str, Sequence[Charge]], Awaitable[None]]) -> None:
        """`settle` is the ledger's."""
        self._settle = settle
        self._open: dict[str, asyncio.Task[None]] = {}

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """Book what was spent of a reservation; returns when that is done, or after SETTLED_S, still trying."""
        if len(self._open) >= MOST:
            self._open[next(iter(self._open))].cancel()
        self._open[hold_id] = settling = asyncio.create_task(self._until_booked(hold_id, spent))
        settling.add_done_callback(lambda _: self._open.pop(hold_id, None))
        await asyncio.wait({settling}, timeout=SETTLED_S)

    async def _until_booked(self, hold_id: str, spent: Sequence[Charge]) -> None:
        gap_s = GAP_S
        while isinstance(await best_effort(self._settle(hold_id, spent), TRY_S, NOT_SETTLED), ServiceUnavailable):
            await asyncio.sleep(gap_s)
            gap_s = min(2 * gap_s, LONGEST_GAP_S)
