"""Chooses each picture's cutout, and makes files of it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cutout.errors import ModelError
from cutout.forms import AsPixels
from cutout.jobs import Output
from cutout.models.combination import FEWEST, too_few
from cutout.pixels.finish import Finish
from cutout.pixels.mattes.descriptor import sharpness
from cutout.pixels.picture import Picture
from cutout.pixels.types import Rgba
from cutout.removal import AS_USUAL
from cutout.results import Cutout, CutoutFile, CutoutPixels, Failure
from cutout.scoring import compared
from deployments.catalogue.plan import Plan, Rendition
from deployments.catalogue.stages.item import Item, Known
from deployments.combiner import Combiner


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cutout that is written."""

    cutout: CutoutPixels
    score: float
    review: str | None


class Upscaler(Protocol):
    """Enlarges, finishes and encodes; see deployments/upscaler.py."""

    async def upscale(
        self, cutout: CutoutPixels, output: Output, finish: Finish | None, photograph: Picture | None
    ) -> CutoutFile | Failure:
        """A model's pixels as `output` says, with that finish."""


class Maker:
    """Makes files of the best cutout, or of `fused` where that is asked for. Every method raises CutoutError."""

    def __init__(self, plan: Plan, upscaler: Upscaler) -> None:
        self._plan = plan
        self._combiner = Combiner(plan.registry.service.encode)
        self._upscaler = upscaler

    async def chosen(self, item: Item) -> Chosen:
        """The cutout of a picture; the error where there is none says why."""
        known, planes = item.known, item.planes
        if known.fault:
            raise ModelError(known.fault)
        good = {one.model_id: one.outcome for one in known.results if isinstance(one.outcome, Cutout)}
        if not good:
            raise ModelError("; ".join(f"{name}: {why}" for name, why in _reasons(known).items()))
        comparison = compared(known.results, self._plan.registry)
        if self._plan.selection.is_fused:
            fused = await self._fused(item, good)
            score = comparison.scores[comparison.selected_model_id].score if comparison else 0.0
            return Chosen(fused, score, comparison.review_reason if comparison else None)
        if comparison is None:
            [(name, cutout)] = good.items()
            return Chosen(_pixels(cutout, planes[name], known), sharpness(planes[name][..., 3]), None)
        name = comparison.selected_model_id
        pixels = _pixels(good[name], planes[name], known)
        return Chosen(pixels, comparison.scores[name].score, comparison.review_reason)

    async def file(self, chosen: Chosen, item: Item, rendition: Rendition) -> bytes:
        """One file of a picture's cutout."""
        output = rendition.output
        photograph = item.picture if output.blurs else None
        made = await self._upscaler.upscale(chosen.cutout, output, output.finish or Finish(), photograph)
        if isinstance(made, Failure):
            raise ModelError(made.message)
        return made.encoded

    async def _fused(self, item: Item, good: dict[str, Cutout]) -> CutoutPixels:
        if len(good) < FEWEST:
            raise ModelError(too_few(len(good), _reasons(item.known)))
        comparison = compared(item.known.results, self._plan.registry)
        scores = {name: score for name, score in comparison.scores.items() if name in good} if comparison else {}
        mattes = [np.ascontiguousarray(item.planes[name][..., 3]) for name in scores]
        made = await self._combiner.combine(item.picture, AS_USUAL, AsPixels(), scores, *mattes)
        if isinstance(made, Failure):
            raise ModelError(made.message)
        return made


def _pixels(cutout: Cutout, rgba: Rgba, known: Known) -> CutoutPixels:
    return CutoutPixels.of(cutout, rgba, known.dpi)


def _reasons(known: Known) -> dict[str, str]:
    return {one.model_id: one.outcome.message for one in known.results if isinstance(one.outcome, Failure)}
