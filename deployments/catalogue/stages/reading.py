"""Reads the pictures of entries, from wherever they are, and decodes them."""

import asyncio
import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pydantic import TypeAdapter

from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.ground import shown
from cutout.pixels.mattes.edges import strength
from cutout.pixels.picture import Picture
from deployments.catalogue.entries import Entry
from deployments.catalogue.places import Place, place
from deployments.catalogue.plan import Plan
from deployments.catalogue.stages.item import ALPHA, EDGES, RGB, Item, Known, table_of, why
from fetching.fetch import Fetcher

ENTRY = "entry"
"""The column of entries as JSON."""
JSON = TypeAdapter(Entry)
AT_ONCE = 4
"""Pictures that are read and decoded at a time."""


def planes(plan: Plan) -> tuple[str, ...]:
    """The planes that this stage makes."""
    return (RGB, ALPHA, EDGES) if plan.selection.is_compared else (RGB, ALPHA)


class Reading:
    """Entries become pictures; one that cannot be read becomes a fault."""

    def __init__(self, plan: Plan) -> None:
        limits = plan.registry.service.limits
        self._plan = plan
        self._planes = planes(plan)
        self._loop = asyncio.Runner()
        self._decoder = Decoder(limits)
        self._fetcher = Fetcher(plan.registry.service.fetch, limits.body_bytes)

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        """A table for each picture of a table of entries, so that blocks are as large as their pixels allow."""
        found = [JSON.validate_json(text) for text in table[ENTRY].to_pylist()]
        for start in range(0, len(found), AT_ONCE):
            for item in self._loop.run(self._read_all(found[start : start + AT_ONCE])):
                yield table_of([item], self._planes)

    async def _read_all(self, found: list[Entry]) -> list[Item]:
        return await asyncio.gather(*map(self._read, found))

    async def _read(self, entry: Entry) -> Item:
        known = Known(entry)
        try:
            data = await self._bytes(entry.address)
            known, started = replace(known, digest=hashlib.sha256(data).hexdigest()), time.perf_counter()
            picture = await self._decoder.decode(data, "image", self._plan.check_size)
            if self._plan.selection.is_compared:
                picture = await asyncio.to_thread(_with_edges, picture)
        except Exception as fault:  # noqa: BLE001 - see why
            return Item(known).failed(why(fault))
        return Item.of(replace(known, spent_ms=(time.perf_counter() - started) * 1000), picture)

    async def _bytes(self, address: str) -> bytes:
        """The bytes at an address; raises CutoutError."""
        url = urlsplit(address)
        if url.scheme in ("http", "https"):
            return await self._fetcher.fetch(address)
        if not url.scheme or "://" not in address:
            file = Path(address)
            return await _place(str(file.parent)).get(file.name)
        return await _place(f"{url.scheme}://{url.netloc}").get(unquote(url.path).lstrip("/"))


@cache
def _place(address: str) -> Place:
    return place(address)


def _with_edges(picture: Picture) -> Picture:
    """With what comparisons of its mattes need, once for them all."""
    return replace(picture, edge_strength=strength(shown(picture)))
