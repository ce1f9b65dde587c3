"""Makes the files that are enlarged by `method: detail`, which takes seconds to minutes for each picture."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from deployments.catalogue.plan import Plan
from deployments.catalogue.stages.item import Item, items_of, table_of, why
from deployments.catalogue.stages.making import Maker
from deployments.upscaler import Upscaler


class Detailing:
    """Adds these files to each picture, as planes named by their renditions; Finishing writes them with the others."""

    def __init__(self, plan: Plan, threads: int, planes: tuple[str, ...]) -> None:
        """`planes`: of the pictures that leave it."""
        self._renditions = plan.detailed
        self._planes = planes
        self._loop = asyncio.Runner()
        self._maker = Maker(plan, Upscaler(plan.registry.service.encode, threads))

    def __call__(self, table: pa.Table) -> pa.Table:
        """The same pictures with these files; one of which they cannot be made says why."""
        return table_of([self._loop.run(self._one(item)) for item in items_of(table)], self._planes)

    async def _one(self, item: Item) -> Item:
        started = time.perf_counter()
        try:
            item = Item(item.known, {**item.planes, **await self._files(item)})
        except Exception as fault:  # noqa: BLE001 - see why
            item = item.failed(why(fault))
        spent_ms = item.known.spent_ms + (time.perf_counter() - started) * 1000
        return replace(item, known=replace(item.known, spent_ms=spent_ms))

    async def _files(self, item: Item) -> Mapping[str, np.ndarray[Any, Any]]:
        """One after another: each takes up to 2 GB of memory meanwhile."""
        chosen = await self._maker.chosen(item)
        return {
            one.asked: np.frombuffer(await self._maker.file(chosen, item, one), np.uint8) for one in self._renditions
        }
