"""The report of a catalogue, one HTML file without outside parts, and the contact sheet of a sample."""

import base64
import html
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from string import Template
from urllib.parse import quote

import numpy as np

from cutout.errors import CutoutError
from cutout.limits import OWN_FILES
from cutout.pixels.contact_sheet import Panel, contact_sheet
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.picture import Picture
from cutout.pixels.thumbnail import thumbnail
from cutout.pixels.types import Rgb
from deployments.catalogue.entries import is_public
from deployments.catalogue.manifest import Row
from deployments.catalogue.places import Place

LEAST_SURE = 60
"""Cutouts that the report shows, those of the lowest score."""
MOST_FAILURES = 500
"""Failures that it lists."""
PAGE = Template((Path(__file__).parent / "report.html").read_text(encoding="utf-8"))


async def page(out: Place, rows: Sequence[Row], service_url: str | None = None) -> str:
    """The report as HTML, with links by which the page of a service opens pictures that have a public address.

    Raises:
        ServiceUnavailable: a result cannot be read.
    """
    done = [row for row in rows if row.status == "done"]
    doubtful = sorted(done, key=_score)[:LEAST_SURE]
    return PAGE.substitute(
        figures=_figures(rows, done),
        models=_table(("model", "pictures"), Counter(row.model for row in done).most_common()),
        doubtful="".join([await _card(out, row, service_url) for row in doubtful]),
        failures=_table(("picture", "why"), [(row.address, row.error) for row in rows if row.error][:MOST_FAILURES]),
    )


async def sheet(out: Place, rows: Iterable[Row]) -> Rgb:
    """The results of a sample, of which there is at least one, with their models, scores and costs."""
    return contact_sheet([await _panel(out, row) for row in rows])


def _score(row: Row) -> float:
    return row.score or 0.0


def _figures(rows: Sequence[Row], done: Sequence[Row]) -> str:
    seconds = np.array([row.time_s for row in done] or [0.0])
    cost_usd = sum(row.cost_usd for row in rows)
    facts = {
        "pictures": f"{len(rows):,}",
        "done": f"{len(done):,}",
        "failed": f"{sum(row.status == 'failed' for row in rows):,}",
        "not paid for": f"{sum(row.status == 'unpaid' for row in rows):,}",
        "to look at": f"{sum(row.review is not None for row in done):,}",
        "cost": f"{cost_usd:,.2f} USD",
        "cost of one": f"{cost_usd / max(len(done), 1):.4g} USD",
        "work on one": f"{np.median(seconds):.2f} s, one in 20 above {np.quantile(seconds, 0.95):.2f} s",
    }
    return "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return "<p>None</p>"
    lines = ["".join(f"<td>{html.escape(str(value))}</td>" for value in row) for row in rows]
    titles = "".join(f"<th>{title}</th>" for title in head)
    return f"<table><tr>{titles}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


async def _card(out: Place, row: Row, service_url: str | None) -> str:
    picture, name = await _result(out, row), html.escape(PurePosixPath(row.address).name)
    image = base64.b64encode(thumbnail(picture)).decode() if picture else ""
    original = row.address if "://" in row.address else Path(row.address).as_uri()
    targets = {"original": html.escape(original), **{PurePosixPath(file).suffix[1:]: quote(file) for file in row.files}}
    if service_url and is_public(row.address):
        targets["mend"] = html.escape(f"{service_url}?image_url={quote(row.address, safe='')}")
    links = " ".join(f'<a href="{target}">{html.escape(word)}</a>' for word, target in targets.items())
    why = html.escape(row.review or "")
    return (
        f'<figure><img src="data:image/webp;base64,{image}" alt="{name}"><figcaption><b>{name}</b> '
        f"{_score(row):.2f}, {html.escape(row.model or '')} {links}<br>{why}</figcaption></figure>"
    )


async def _panel(out: Place, row: Row) -> Panel:
    picture = await _result(out, row)
    detail = f"{row.model}, score {_score(row):.2f}, {row.cost_usd:g} USD" if row.status == "done" else str(row.error)
    return Panel(PurePosixPath(row.address).name, detail, picture.rgba() if picture else None)


async def _result(out: Place, row: Row) -> Picture | None:
    """The first of a picture's files; None where there is none that can be shown."""
    if not row.files:
        return None
    try:
        return decode(await out.get(row.files[0]), OWN_FILES)
    except CutoutError:
        return None
