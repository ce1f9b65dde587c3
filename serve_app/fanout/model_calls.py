"""A model's own work, or the combiner's, within its time; what it cost and how long it took are noted."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from cutout.errors import CutoutError, ModelError, ModelTimeout, ModelUnavailable, NoMemory
from cutout.models.combination import FEWEST, too_few
from cutout.models.registry import Registry
from cutout.models.selection import FUSED
from cutout.pixels.mattes.score import Score
from cutout.removal import Removal
from cutout.results import C, Cutout, Failure, Form
from cutout.scoring import compared
from serve_app.fanout.fan_out import FanOut, Model

COMBINE_S = 60.0
"""Longest wait for the combiner: it may have to start a replica first."""
Record: TypeAlias = Callable[[str, Cutout | Failure, float], None]
"""Takes a model's id, its outcome and its time in ms: ModelStatuses.record."""


class Combiner(Protocol):
    """Makes one cutout of several; raises CutoutError when it cannot be reached or has no room."""

    async def combine(
        self, picture: Any, removal: Removal, form: Form[C], scores: Mapping[str, Score], *mattes: Any
    ) -> C | Failure:
        """The cutout `fused` of a Picture, or of a reference to one.

        `mattes` has the alpha of each cutout, or a reference to it, in the order of `scores`.
        """


class ModelCalls:
    """Calls the models of a fan-out, and the combiner after them."""

    def __init__(self, registry: Registry, models: Mapping[str, Model], combiner: Combiner, record: Record) -> None:
        self._registry = registry
        self._models = models
        self._combiner = combiner
        self._record = record

    async def cut(self, model_id: str, fan_out: FanOut[Any], form: Form[C]) -> C | Failure:
        """The cutout of a model, or of `fused`, in that form."""
        started = time.perf_counter()
        outcome = await self._answer(model_id, fan_out, form)
        fan_out.costs[model_id] = outcome.cost_usd
        cut_ms = (time.perf_counter() - started) * 1000
        self._record(model_id, outcome, cut_ms)
        if isinstance(outcome, Failure):
            return outcome
        if outcome.matte is not None:
            fan_out.mattes[model_id] = outcome.matte
        return replace(outcome, matte=None).timed(queue=cut_ms - sum(outcome.times_ms.values()))

    def given_up(self, model_id: str, error: ModelError, fan_out: FanOut[Any]) -> Failure:
        """The failure of a model that was abandoned: what it may have been paid counts as spent."""
        cost_usd = fan_out.costs.get(model_id)
        if cost_usd is None:
            cost_usd = self._price_usd(model_id)
        return replace(Failure.of(model_id, error), cost_usd=cost_usd)

    def _price_usd(self, model_id: str) -> float:
        return 0.0 if model_id == FUSED else self._registry.models[model_id].price_usd

    async def _answer(self, model_id: str, fan_out: FanOut[Any], form: Form[C]) -> C | Failure:
        timeout_s = COMBINE_S if model_id == FUSED else self._registry.models[model_id].timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                if model_id == FUSED:
                    return await self._combined(fan_out, form)
                return await self._removed(model_id, fan_out, form)
        except TimeoutError:
            failed: CutoutError = ModelTimeout(f"API timeout after {timeout_s:g}s")
        except CutoutError as error:
            failed = error
        # Unless the picture was never sent, the provider may have charged: its price counts as spent.
        unsent = isinstance(failed, ModelUnavailable) and not isinstance(failed, NoMemory)
        return replace(Failure.of(model_id, failed), cost_usd=0.0 if unsent else self._price_usd(model_id))

    async def _removed(self, model_id: str, fan_out: FanOut[Any], form: Form[C]) -> C | Failure:
        removal = fan_out.job.removal
        clean = removal.decontaminate and self._registry.models[model_id].decontaminate
        return await self._models[model_id].remove(fan_out.shared, replace(removal, decontaminate=clean), form)

    async def _combined(self, fan_out: FanOut[Any], form: Form[C]) -> C | Failure:
        """`fused`; raises ModelError where there are too few cutouts, with what became of the others."""
        scores = await asyncio.to_thread(self._scores, fan_out)
        if len(scores) < FEWEST:
            raise _too_few(fan_out, len(scores))
        mattes = [fan_out.mattes[model_id] for model_id in scores]
        return await self._combiner.combine(fan_out.shared, fan_out.job.removal, form, scores, *mattes)

    def _scores(self, fan_out: FanOut[Any]) -> dict[str, Score]:
        """The scores of the cutouts whose mattes there are."""
        comparison = compared(fan_out.results.values(), self._registry)
        scores = comparison.scores if comparison else {}
        return {model_id: score for model_id, score in scores.items() if model_id in fan_out.mattes}


def _too_few(fan_out: FanOut[Any], count: int) -> ModelError:
    failures = [one.outcome for one in fan_out.results.values() if isinstance(one.outcome, Failure)]
    reasons = {failure.model_id: failure.message for failure in failures} | fan_out.job.selection.skipped
    passing = bool(failures) and all(failure.unavailable for failure in failures)
    return (ModelUnavailable if passing else ModelError)(too_few(count, reasons))
