"""A run over a catalogue: what is left to do, the pipeline over it, the limits at which it stops, and the report."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutout.errors import ValidationError
from cutout.pixels.encoding.encode import encode
from deployments.catalogue.entries import Entry, entries, is_public
from deployments.catalogue.lease import BUSY
from deployments.catalogue.manifest import PART, Manifest, Row, rows
from deployments.catalogue.places import Place, place
from deployments.catalogue.plan import Plan, check_names
from deployments.catalogue.progress import Progressing
from deployments.catalogue.report import page, sheet
from deployments.catalogue.shares import profile, shares
from deployments.catalogue.spending import Limits

FEW = 100
"""Failures are compared with at least so many pictures: the first that fails is not all of them."""
MERGED = 256
"""Parts of the manifest that are merged at a time."""
REPORT, SHEET = "report.html", "sample.png"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a run goes about it."""

    database_url: str
    """Where the money is counted."""
    ray_address: str | None = None
    """An existing Ray cluster; None: a Ray is started on this machine."""
    profile: Path | None = None
    """A Serve configuration, whose CPUs and GPUs the models get."""
    most_usd: float | None = None
    """What all runs over the catalogue may cost together."""
    fail_above: float | None = None
    """The run stops when more than this share of the pictures fail, 0 to 1."""
    sample: int | None = None
    """Only so many pictures, spread over the catalogue."""
    service_url: str | None = None
    """Of a service's page, to which the report links; None: it does not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    failed: int
    """Pictures."""
    stopped: str | None
    """Why it stopped before its end; None: nothing is left to do."""


def run(given: str, plan: Plan, terms: Terms) -> Outcome:
    """Do what is left of a catalogue; `given` is IN.

    Raises:
        CutoutError: IN, OUT or the profile cannot be used, two pictures would have the same file, or another run is at
            work in OUT.
    """
    out = place(plan.out)
    found = entries(given, out)
    check_names(plan.renditions, found)
    if terms.service_url and not any(is_public(entry.address) for entry in found):
        raise ValidationError(f"--page: pictures at http(s) addresses expected, which it can open; {given} has none")
    with out.held() as lost:
        return _run(out, found, plan, terms, lost)


def _run(out: Place, found: Sequence[Entry], plan: Plan, terms: Terms, lost: threading.Event) -> Outcome:
    """Do what is left of these pictures, and report."""
    manifest = Manifest(out)
    wanted = found if terms.sample is None else spread(found, terms.sample)
    left = to_do(wanted, asyncio.run(manifest.whole()), plan.recipe)
    with Progressing(len(left)) as progress:
        progress.say(f"{len(found):,} pictures; {len(left):,} to do now")
        stopped = _worked(plan, left, terms, manifest, progress, lost=lost) if left else None
        known = asyncio.run(manifest.whole())
        some = [known[entry.address] for entry in wanted if entry.address in known]
        asyncio.run(out.put(REPORT, asyncio.run(page(out, some, terms.service_url)).encode()))
        if terms.sample and some:
            asyncio.run(out.put(SHEET, encode(asyncio.run(sheet(out, some)), "png")))
        for sentence in _summary(progress, len(to_do(found, known, plan.recipe)), stopped):
            progress.say(sentence)
    progress.say(f"{plan.out}/{REPORT}")
    return Outcome(progress.failed, stopped)


def spread(found: Sequence[Entry], count: int) -> list[Entry]:
    """So many entries, or all if there are fewer, at equal distances: the same ones at every start."""
    count = min(count, len(found))
    return [found[number * len(found) // count] for number in range(count)]


def to_do(wanted: Sequence[Entry], known: Mapping[str, Row], recipe: str) -> list[Entry]:
    """The entries that are not done, or have changed."""
    return [one for one in wanted if one.address not in known or not known[one.address].stands_for(one, recipe)]


def _worked(
    plan: Plan,
    left: Sequence[Entry],
    terms: Terms,
    manifest: Manifest,
    progress: Progressing,
    *,
    lost: threading.Event,
) -> str | None:
    """Do what is left; returns why it stopped before its end."""
    from deployments.catalogue.pipeline import connected, finished, machines, money  # Ray Data takes seconds

    limits = Limits(terms.most_usd, plan.registry.service.daily_ceiling_usd)
    given = profile(terms.profile) if terms.profile else {}
    parts: list[str] = []
    detailed = bool(plan.detailed)
    networks = len(plan.specs) + detailed
    with connected(terms.ray_address, networks), money(terms.database_url, plan.id, limits) as budget:
        ours = machines(terms.ray_address)
        found = shares(plan.specs, ours, given, fused=plan.selection.is_fused, detailed=detailed)
        for table in finished(plan, left, found, budget):
            progress.add(some := rows(table.drop_columns(PART)))
            if stopped := stop(some, progress, terms):
                return stopped
            if lost.is_set():
                return f"Stopped: {BUSY}"
            parts += dict.fromkeys(table[PART].to_pylist())
            if len(parts) >= MERGED:
                parts = [asyncio.run(manifest.merge(parts))]
    return None


def stop(some: Sequence[Row], progress: Progressing, terms: Terms) -> str | None:
    """Why the run is to stop now; None: it goes on."""
    if unpaid := next((row for row in some if row.status == "unpaid"), None):
        return f"Stopped: {unpaid.error}"
    if terms.fail_above is not None and progress.failed > terms.fail_above * max(progress.ended, FEW):
        return f"Stopped: {progress.failed:,} of {progress.ended:,} pictures failed, more than --fail-above allows"
    return None


def _summary(progress: Progressing, left: int, stopped: str | None) -> Iterator[str]:
    """What came of the run, and what is left at its price and pace."""
    yield f"{progress.done:,} done, {progress.failed:,} failed; {progress.line()}"
    if progress.done and left:
        price = f"{left * progress.cost_usd / progress.done:,.2f} USD"
        yield f"{left:,} are not done; at this price and pace they take {price} and {progress.time_for(left)}"
    if stopped:
        yield stopped
