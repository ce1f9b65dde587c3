"""Cuts pictures out by one model."""

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import pyarrow as pa

from cutout.accounts.charges import Charge
from cutout.cascade import in_order, next_step
from cutout.errors import BudgetSpent, CutoutError, ModelError, ModelTimeout
from cutout.forms import AsPixels
from cutout.ledger import best_effort
from cutout.models.spec import ModelSpec
from cutout.removal import Removal
from cutout.results import Failure, ModelResult
from cutout.scoring import compared
from deployments.backends.base import Resources
from deployments.catalogue.places import place
from deployments.catalogue.plan import Plan
from deployments.catalogue.stages.item import UNPAID, Item, Known, items_of, table_of, why
from deployments.catalogue.stages.paid import Cut, PaidCutouts
from deployments.remover import Remover

logger = logging.getLogger(__name__)
SETTLE_S = 60.0
"""Longest wait for a settlement."""
NOT_SETTLED = partial(logger.warning, "A cost cannot be booked, and its reservation counts as spent: %s")


class Budget(Protocol):
    """The money of a catalogue; see spending.py."""

    async def reserve(self, hold_id: str, charge: Charge) -> str | None:
        """Set a price aside; returns why that is refused, or None."""

    async def settle(self, hold_id: str, charge: Charge) -> None:
        """Replace a reservation by what was spent."""


@dataclass(frozen=True, slots=True)
class Work:
    """One model's part of a plan."""

    plan: Plan
    spec: ModelSpec
    resources: Resources
    at_once: int
    """Pictures that it works on at a time: more than one where it waits for a provider."""
    planes: tuple[str, ...]
    """Of the pictures that leave it."""


class Cutting:
    """Adds the cutout of one model, or its failure, to each picture that needs it."""

    def __init__(self, work: Work, budget: Budget) -> None:
        self._work = work
        self._spec = work.spec
        self._budget = budget
        self._loop = asyncio.Runner()
        self._kept = PaidCutouts(place(work.plan.out))
        service = work.plan.registry.service
        self._remover = Remover(work.spec, work.resources, service.encode, service.retry_unavailable_s)
        self._removal = Removal(decontaminate=work.spec.decontaminate, compared=work.plan.selection.is_compared)
        self._loop.run(self._remover.start())

    def __call__(self, table: pa.Table) -> pa.Table:
        """The same pictures, with this model's results."""
        return table_of(self._loop.run(self._cut_all(list(items_of(table)))), self._work.planes)

    async def _cut_all(self, items: list[Item]) -> list[Item]:
        slots = asyncio.Semaphore(self._work.at_once)
        return await asyncio.gather(*(self._one(item, slots) for item in items))

    async def _one(self, item: Item, slots: asyncio.Semaphore) -> Item:
        if not asked(self._spec, item.known, self._work.plan):
            return item
        async with slots:
            started = time.perf_counter()
            cut = await (self._paid(item) if self._spec.price_usd else self._cut(item))
        spent_ms = item.known.spent_ms + (time.perf_counter() - started) * 1000
        known = replace(item.known, results=(*item.known.results, cut.result), spent_ms=spent_ms)
        return Item(known, item.planes if cut.rgba is None else {**item.planes, self._spec.id: cut.rgba})

    async def _paid(self, item: Item) -> Cut:
        """The cutout that was paid for before; or a new one, for which money is set aside first."""
        spec, digest, hold_id = self._spec, item.known.digest, str(uuid.uuid4())
        try:
            if kept := await self._kept.find(digest, spec.id):
                return kept
            charge = Charge(spec.id, spec.price_usd, (spec.provider,))
            if refused := await self._budget.reserve(hold_id, charge):
                return _failed(spec, BudgetSpent(refused), 0.0, UNPAID)
        except CutoutError as error:
            return _failed(spec, error, 0.0)
        cost_usd = spec.price_usd
        try:
            cut = await self._cut(item)
            cost_usd = cut.result.outcome.cost_usd
            await self._kept.keep(digest, cut)
            return cut
        except CutoutError as error:
            return _failed(spec, error, cost_usd)
        finally:
            await best_effort(self._budget.settle(hold_id, replace(charge, usd=cost_usd)), SETTLE_S, NOT_SETTLED)

    async def _cut(self, item: Item) -> Cut:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._spec.timeout_s):
                outcome = await self._remover.remove(item.picture, self._removal, AsPixels())
        except TimeoutError:
            late = ModelTimeout(f"not done after {self._spec.timeout_s:g} s")
            return _failed(self._spec, late, self._spec.price_usd)
        except Exception as fault:  # noqa: BLE001 - see why
            return _failed(self._spec, ModelError(why(fault)), self._spec.price_usd)
        wall_ms = (time.perf_counter() - started) * 1000
        if isinstance(outcome, Failure):
            return Cut(ModelResult(self._spec.id, outcome, wall_ms))
        return Cut.of(outcome, wall_ms)


def asked(spec: ModelSpec, known: Known, plan: Plan) -> bool:
    """Whether a picture needs a model: of `auto` as many are asked as are needed, in the order of its steps."""
    if known.fault:
        return False
    if not plan.selection.is_auto:
        return True
    ran, comparison = {one.model_id for one in known.results}, compared(known.results, plan.registry)
    step = next_step(in_order(plan.specs), ran, comparison, plan.registry.service.quality)
    return spec.id in step.models


def _failed(spec: ModelSpec, error: CutoutError, cost_usd: float, kind: str | None = None) -> Cut:
    failure = replace(Failure.of(spec.id, error), cost_usd=cost_usd, type=kind or error.type)
    return Cut(ModelResult(spec.id, failure, 0.0))
