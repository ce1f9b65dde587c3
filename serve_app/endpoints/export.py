"""Pages of picks -> a CSV or JSON file, streamed while they are read."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from cutout.picks.pick import LoggedPick

Pages: TypeAlias = AsyncIterator[tuple[LoggedPick, ...]]
COLUMNS = ("selection_id", "created_at", "selected_model_id", "image_category", "notes", "offered", "edited")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so may be taken for a formula (OWASP, CSV Injection); the last four are full-width."""


async def write_csv(pages: Pages) -> AsyncIterator[str]:
    """CSV by RFC 4180 with a header line; a cell that looks like a formula is prefixed with a single quote."""
    yield _lines([COLUMNS])
    async for page in pages:
        yield _lines(map(_cell, row(pick).values()) for pick in page)


async def write_json(pages: Pages) -> AsyncIterator[str]:
    """A JSON array, one pick on each line."""
    yield "["
    before = "\n"
    async for page in pages:
        yield before + ",\n".join(json.dumps(row(pick)) for pick in page)
        before = ",\n"
    yield "\n]\n"


FORMATS: dict[str, tuple[str, Callable[[Pages], AsyncIterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "json": ("application/json", write_json),
}


def row(pick: LoggedPick) -> dict[str, Any]:
    """A pick's columns; its time in ISO 8601, UTC."""
    fields = {name: getattr(pick, name) for name in COLUMNS}
    return fields | {"created_at": datetime.fromtimestamp(pick.created_at, UTC).isoformat()}


def _cell(value: str | tuple[str, ...] | bool | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = " ".join(value) if isinstance(value, tuple) else value or ""
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
