"""Picks and what they taught -> a CSV or JSON file, streamed while it is read."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from cutout.picks.pick import LoggedPick
from cutout.picks.worth import Worth, Worths

Row: TypeAlias = dict[str, Any]
Pages: TypeAlias = AsyncIterator[Iterable[Row]]
PICK_COLUMNS: tuple[str, ...] = (
    "selection_id", "created_at", "selected_model_id", "image_category", "notes", "offered", "edited",
    "agreement", "sharpness",
)  # fmt: skip
WORTH_COLUMNS: tuple[str, ...] = ("image_category", "model_id", "offered", "chance", "low", "high")
EXPORTS = {"picks": "selections", "worths": "worths"}
"""Names of the files, by what they have."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so may be taken for a formula (OWASP, CSV Injection); the last four are full-width."""


async def write_csv(pages: Pages, columns: Iterable[str]) -> AsyncIterator[str]:
    """CSV by RFC 4180 with a header line; a cell that looks like a formula is prefixed with a single quote."""
    yield _lines([columns])
    async for page in pages:
        yield _lines(map(_cell, row.values()) for row in page)


async def write_json(pages: Pages, _: Iterable[str]) -> AsyncIterator[str]:
    """A JSON array, one row on each line."""
    yield "["
    before = "\n"
    async for page in pages:
        if lines := [json.dumps(row) for row in page]:
            yield before + ",\n".join(lines)
            before = ",\n"
    yield "\n]\n"


FORMATS: dict[str, tuple[str, Callable[[Pages, Iterable[str]], AsyncIterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "json": ("application/json", write_json),
}


def pick_row(pick: LoggedPick) -> Row:
    """A pick by PICK_COLUMNS; its time in ISO 8601, UTC."""
    fields = {name: getattr(pick, name) for name in PICK_COLUMNS[:-2]}
    measured = {name: tuple(getattr(one, name) for one in pick.shown) for name in PICK_COLUMNS[-2:]}
    return fields | measured | {"created_at": datetime.fromtimestamp(pick.created_at, UTC).isoformat()}


def worth_rows(worths: Worths) -> list[Row]:
    """What was learned by WORTH_COLUMNS: in all pictures, then in each category."""
    tables: list[tuple[str | None, tuple[Worth, ...]]] = [(None, worths.models), *worths.categories.items()]
    return [
        {"image_category": category} | {name: getattr(one, name) for name in WORTH_COLUMNS[1:]}
        for category, table in tables
        for one in table
    ]


def _cell(value: Any) -> str:
    text = " ".join(map(_plain, value)) if isinstance(value, tuple) else "" if value is None else _plain(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _plain(value: Any) -> str:
    """A value as in JSON, a text as it is."""
    return value if isinstance(value, str) else json.dumps(value)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
