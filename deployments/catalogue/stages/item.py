"""A picture on its way through the stages, as a row of an Arrow table: what is known of it as JSON, and its pixels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from cutout.errors import CutoutError
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Dpi
from cutout.results import Cutout, ModelResult
from deployments.catalogue.entries import Entry

KNOWN = "known"
"""The column of JSON. Every other column has planes of pixels, by their name."""
RGB, ALPHA, EDGES = "rgb", "alpha", "edges"
"""The planes of a Picture; those of cutouts are named after their models, which have longer names."""
BINARY = pa.large_binary()
UNPAID = "budget_spent"
"""The type of the failure of a model that there was no money for."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a picture so far."""

    entry: Entry
    digest: str = ""
    """SHA-256 of its file, in hex."""
    fault: str | None = None
    """Why nothing is made of it; None: nothing speaks against it so far."""
    results: tuple[ModelResult[Cutout], ...] = ()
    """Of the models that it has passed and that were asked."""
    spent_ms: float = 0.0
    """Time in the stages so far, waiting for them not included."""
    dpi: Dpi | None = None
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Of its planes."""


JSON = TypeAdapter(Known)


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of a picture, with pixels that may be read only."""

    known: Known
    planes: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Known, picture: Picture) -> "Item":
        """A picture that has been read."""
        planes = {RGB: picture.rgb, ALPHA: picture.alpha, EDGES: picture.edge_strength}
        return cls(
            replace(known, dpi=picture.dpi), {name: plane for name, plane in planes.items() if plane is not None}
        )

    @property
    def picture(self) -> Picture:
        """The picture itself; only where `known.fault` is None."""
        planes = self.planes
        return Picture(planes[RGB], planes.get(ALPHA), self.known.dpi, edge_strength=planes.get(EDGES))

    def failed(self, why: str) -> "Item":
        """The same without pixels: nothing will be made of it."""
        return Item(replace(self.known, fault=why))


def why(fault: Exception) -> str:
    """The reason that a picture's row gives for an error, whatever it is: no picture ends a whole run."""
    return fault.message if isinstance(fault, CutoutError) else f"Internal error: {type(fault).__name__}: {fault}"


def table_of(items: Sequence[Item], planes: Sequence[str]) -> pa.Table:
    """A table of at least one picture, with a column for each of these planes; each plane is copied once, later."""
    known = [replace(item.known, shapes={name: one.shape for name, one in item.planes.items()}) for item in items]
    columns: dict[str, pa.ChunkedArray] = {KNOWN: pa.chunked_array([pa.array(map(JSON.dump_json, known), BINARY)])}
    for name in planes:
        columns[name] = pa.chunked_array([_cell(item.planes.get(name)) for item in items], BINARY)
    return pa.table(columns)


def items_of(table: pa.Table) -> Iterator[Item]:
    """The pictures of a table, their pixels where they are in its memory."""
    for number in range(table.num_rows):
        known = JSON.validate_json(table[KNOWN][number].as_py())
        planes = {name: _plane(table[name][number], name, shape) for name, shape in known.shapes.items()}
        yield Item(known, planes)


def _cell(plane: np.ndarray[Any, Any] | None) -> pa.Array:
    """A column of one plane, without a copy."""
    if plane is None:
        return pa.nulls(1, BINARY)
    pixels = np.ascontiguousarray(plane)
    ends = np.array([0, pixels.nbytes], np.int64)
    return pa.Array.from_buffers(BINARY, 1, [None, pa.py_buffer(ends), pa.py_buffer(pixels)])


def _plane(cell: pa.Scalar, name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.frombuffer(cell.as_buffer(), np.float32 if name == EDGES else np.uint8).reshape(shape)
