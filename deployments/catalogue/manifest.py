"""The manifest of a catalogue: what has become of each picture, as Parquet beside the results.

Each write is a file of its own, so that a kill at any moment loses nothing; they are merged now and then. Of several
rows about one picture, which a kill between writing the merged file and deleting its parts leaves, the last one counts.
"""

import asyncio
import io
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from cutout.errors import NotFound
from deployments.catalogue.entries import Entry
from deployments.catalogue.places import Place

WHOLE, PARTS = "manifest.parquet", ".catalogue/parts"
PART = "part"
"""The column beside rows that are on their way to the driver: the path at which they are stored."""
SCHEMA = pa.schema([
    ("address", pa.string()),
    ("version", pa.string()),
    ("digest", pa.string()),
    ("recipe", pa.string()),
    ("status", pa.string()),
    ("model", pa.string()),
    ("score", pa.float64()),
    ("review", pa.string()),
    ("cost_usd", pa.float64()),
    ("time_s", pa.float64()),
    ("error", pa.string()),
    ("files", pa.list_(pa.string())),
    ("ended_at", pa.float64()),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What has become of one picture."""

    address: str
    version: str
    """That of its entry."""
    digest: str
    """SHA-256 of its file; "" where it could not be read."""
    recipe: str
    """That of the plan."""
    status: Literal["done", "failed", "unpaid"]
    """`unpaid`: a limit on money left nothing for it; it is no failure."""
    model: str | None = None
    """That made the cutout which was written; `fused` is one, too."""
    score: float | None = None
    """0 to 1; docs/quality.md. Of a single model's cutout, its sharpness."""
    review: str | None = None
    """Why somebody should look at it."""
    cost_usd: float = 0.0
    time_s: float = 0.0
    """Seconds of work in all stages, waiting not included."""
    error: str | None = None
    files: tuple[str, ...] = ()
    """Its results, within OUT."""
    ended_at: float = 0.0
    """Unix time, in seconds."""

    def stands_for(self, entry: Entry, recipe: str) -> bool:
        """Whether nothing is left to do for an entry."""
        return self.status == "done" and (self.version, self.recipe) == (entry.version, recipe)


def table(rows: Iterable[Row]) -> pa.Table:
    """Rows as Arrow has them."""
    return pa.Table.from_pylist([asdict(row) for row in rows], SCHEMA)


def rows(found: pa.Table) -> list[Row]:
    """What `table` was given."""
    return [Row(**{**row, "files": tuple(row["files"])}) for row in found.to_pylist()]


class Manifest:
    """The manifest at a place. Every method raises ServiceUnavailable when that cannot be reached or written."""

    def __init__(self, out: Place) -> None:
        self._out = out

    async def add(self, found: Sequence[Row]) -> str:
        """Store rows; once this has returned they survive any crash. Returns the path of their part."""
        path = f"{PARTS}/{uuid.uuid4()}.parquet"
        await self._out.put(path, _packed(table(found)))
        return path

    async def merge(self, parts: Sequence[str]) -> str:
        """Make one part of several; returns its path."""
        merged = f"{PARTS}/{uuid.uuid4()}.parquet"
        await self._out.put(merged, _packed(pa.concat_tables(await self._read(parts))))
        await self._drop(parts)
        return merged

    async def whole(self) -> Mapping[str, Row]:
        """The last row of every picture by its address, after all parts are merged into manifest.parquet."""
        parts = [listed.path for listed in self._out.files(PARTS)]
        found = await self._read([WHOLE, *parts])
        last = {row.address: row for row in sorted(rows(pa.concat_tables(found)), key=_age)} if found else {}
        if parts:
            await self._out.put(WHOLE, _packed(table(last.values())))
            await self._drop(parts)
        return last

    async def _read(self, paths: Sequence[str]) -> list[pa.Table]:
        """The tables of those paths that are there."""
        found = []
        for start in range(0, len(paths), AT_ONCE):
            found += await asyncio.gather(*map(self._one, paths[start : start + AT_ONCE]))
        return [each for each in found if each is not None]

    async def _one(self, path: str) -> pa.Table | None:
        try:
            return pq.read_table(pa.BufferReader(await self._out.get(path)), schema=SCHEMA)
        except NotFound:
            return None

    async def _drop(self, paths: Sequence[str]) -> None:
        for path in paths:
            await self._out.drop(path)


AT_ONCE = 64
"""Parts that are read at a time."""


def _age(row: Row) -> float:
    return row.ended_at


def _packed(found: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(found, out, compression="zstd")
    return out.getvalue()
