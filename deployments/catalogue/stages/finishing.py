"""Chooses each picture's cutout, makes its files and writes them, then its row of the manifest."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from cutout.errors import ModelError
from cutout.forms import AsPixels
from cutout.models.combination import FEWEST, too_few
from cutout.pixels.finish import Finish
from cutout.pixels.mattes.descriptor import sharpness
from cutout.pixels.types import Rgba
from cutout.removal import AS_USUAL
from cutout.results import Cutout, CutoutPixels, Failure
from cutout.scoring import compared
from deployments.catalogue.manifest import PART, Manifest, Row, table
from deployments.catalogue.places import place
from deployments.catalogue.plan import Plan, Rendition
from deployments.catalogue.stages.item import UNPAID, Item, Known, items_of, why
from deployments.combiner import Combiner
from deployments.upscaler import Upscaler


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The cutout that is written."""

    cutout: CutoutPixels
    score: float
    review: str | None


class Finishing:
    """Pictures become files and rows; one of which nothing can be made becomes a row that says why."""

    def __init__(self, plan: Plan) -> None:
        encoding = plan.registry.service.encode
        self._plan = plan
        self._loop = asyncio.Runner()
        self._out = place(plan.out)
        self._manifest = Manifest(self._out)
        self._combiner = Combiner(encoding)
        self._upscaler = Upscaler(encoding)

    def __call__(self, pictures: pa.Table) -> pa.Table:
        """The rows of pictures, once their files and the rows themselves are stored; `part` is the path of the rows."""
        return self._loop.run(self._all(list(items_of(pictures))))

    async def _all(self, items: Sequence[Item]) -> pa.Table:
        found = await asyncio.gather(*map(self._one, items))
        part = await self._manifest.add(found)
        return table(found).append_column(PART, pa.array([part] * len(found)))

    async def _one(self, item: Item) -> Row:
        known, started = item.known, time.perf_counter()
        row = Row(known.entry.address, known.entry.version, known.digest, self._plan.recipe, "failed")
        try:
            chosen = await self._chosen(item)
            files = await asyncio.gather(*(self._file(chosen, item, one) for one in self._plan.renditions))
            paths = [rendition.path(known.entry) for rendition in self._plan.renditions]
            await asyncio.gather(*map(self._out.put, paths, files))
            model = chosen.cutout.model_id
            row = replace(row, status="done", model=model, score=chosen.score, review=chosen.review, files=tuple(paths))
        except Exception as fault:  # noqa: BLE001 - see why
            row = replace(row, status="unpaid" if _is_unpaid(known) else "failed", error=why(fault))
        cost_usd = round(sum(one.outcome.cost_usd for one in known.results), 6)
        spent_s = known.spent_ms / 1000 + time.perf_counter() - started
        return replace(row, cost_usd=cost_usd, time_s=round(spent_s, 3), ended_at=time.time())

    async def _chosen(self, item: Item) -> _Chosen:
        """The best cutout, or `fused` where it is asked for; raises CutoutError where there is none."""
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
            return _Chosen(fused, score, comparison.review_reason if comparison else None)
        if comparison is None:
            [(name, cutout)] = good.items()
            return _Chosen(_pixels(cutout, planes[name], known), sharpness(planes[name][..., 3]), None)
        name = comparison.selected_model_id
        pixels = _pixels(good[name], planes[name], known)
        return _Chosen(pixels, comparison.scores[name].score, comparison.review_reason)

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

    async def _file(self, chosen: _Chosen, item: Item, rendition: Rendition) -> bytes:
        output = rendition.output
        photograph = item.picture if output.blurs else None
        made = await self._upscaler.upscale(chosen.cutout, output, output.finish or Finish(), photograph)
        if isinstance(made, Failure):
            raise ModelError(made.message)
        return made.encoded


def _pixels(cutout: Cutout, rgba: Rgba, known: Known) -> CutoutPixels:
    return CutoutPixels.of(cutout, rgba, known.dpi)


def _reasons(known: Known) -> dict[str, str]:
    return {one.model_id: one.outcome.message for one in known.results if isinstance(one.outcome, Failure)}


def _is_unpaid(known: Known) -> bool:
    """Whether money alone is the reason that there is no cutout."""
    failures = [one.outcome for one in known.results if isinstance(one.outcome, Failure)]
    paid_for = all(one.type == UNPAID for one in failures)
    return bool(failures) and len(failures) == len(known.results) and paid_for and not known.fault
