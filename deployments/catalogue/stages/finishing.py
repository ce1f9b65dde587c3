"""Makes each picture's files, but for those that Detailing has made, and writes them, then its row of the manifest."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from cutout.results import Failure
from deployments.catalogue.manifest import PART, Manifest, Row, table
from deployments.catalogue.places import place
from deployments.catalogue.plan import Plan, Rendition
from deployments.catalogue.stages.item import UNPAID, Item, Known, items_of, why
from deployments.catalogue.stages.making import Chosen, Maker
from deployments.upscaler import Upscaler


class Finishing:
    """Pictures become files and rows; one of which nothing can be made becomes a row that says why."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = asyncio.Runner()
        self._out = place(plan.out)
        self._manifest = Manifest(self._out)
        self._maker = Maker(plan, Upscaler(plan.registry.service.encode))

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
            chosen = await self._maker.chosen(item)
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

    async def _file(self, chosen: Chosen, item: Item, rendition: Rendition) -> bytes:
        made = item.planes.get(rendition.asked)
        return await self._maker.file(chosen, item, rendition) if made is None else made.tobytes()


def _is_unpaid(known: Known) -> bool:
    """Whether money alone is the reason that there is no cutout."""
    failures = [one.outcome for one in known.results if isinstance(one.outcome, Failure)]
    return len(failures) == len(known.results) > 0 and all(one.type == UNPAID for one in failures)
