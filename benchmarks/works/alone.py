"""A replica beside its own code alone: the same calls in this process, without Ray, and without HTTP."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, table
from benchmarks.processes import Usage, usages
from benchmarks.samples import Samples
from cutout.forms import AsFile
from cutout.models.registry import load_registry
from cutout.pixels.picture import Picture
from cutout.removal import AS_USUAL
from cutout.results import CutoutFile, Failure
from cutout.service import ServiceSpec
from deployments.backends.base import Resources
from deployments.remover import Remover
from deployments.upscaler import Upscaler

WITHIN = 0.05
"""Of the code alone."""
FACTOR = 4
MODELS = {"ISNet": "local_isnet", "u2netp": "local_u2netp"}
HEAD = (
    "In ms",
    "Alone",
    "In its replica",
    "Of processors, alone",
    "In its replica",
    "New pages, alone",
    "In its replica",
)
Spans: TypeAlias = Mapping[str, float]
"""What a work says of its own times, in ms; the hop to its replica is none of them."""


@dataclass(frozen=True, slots=True)
class Work:
    """The same work by both sides; each returns its spans."""

    name: str
    title: str
    """Of its replica's process."""
    here: Callable[[], Spans]
    there: Callable[[], Spans]


class Side:
    """What one side took, each time."""

    def __init__(self, work: Callable[[], Spans], used: Callable[[], Mapping[int, Usage]]) -> None:
        """`used`: what its processes have taken so far."""
        self._work = work
        self._used = used
        self.ms, self.cpu_ms, self.pages = Samples(), Samples(), Samples()

    def measure(self) -> None:
        """Do the work once."""
        before = self._used()
        spans = self._work()
        taken = [usage - before[pid] for pid, usage in self._used().items() if pid in before]
        self.ms.add("", sum(spans.values()))
        self.cpu_ms.add("", sum(one.cpu_s for one in taken) * 1000)
        self.pages.add("", sum(one.faults for one in taken))


def alone(bench: Bench) -> Findings:
    """The local models and the upscaler, each alone and in its replica by turns."""
    found, lines = Findings(), []
    with asyncio.Runner() as loop:
        for work in [*_cutouts(bench, loop), _upscale(bench, loop)]:
            here, there = _measured(bench, work)
            found.rows.append(_row(work.name, here.ms, there.ms))
            lines.append([work.name, here.ms, there.ms, *_means(here.cpu_ms, there.cpu_ms, here.pages, there.pages)])
    found.tables["alone"] = table(HEAD, lines)
    return found


def _measured(bench: Bench, work: Work) -> tuple[Side, Side]:
    def of_replica() -> Mapping[int, Usage]:
        return {pid: one for pid, one in bench.service.usages().items() if one.name == work.title}

    work.here()
    work.there()
    sides = Side(work.here, lambda: usages([os.getpid()])), Side(work.there, of_replica)
    for turn in range(bench.form.repeats):
        for side in sides[:: 1 if turn % 2 else -1]:
            side.measure()
    return sides


def _row(name: str, here: Samples, there: Samples) -> Row:
    more = there.p50 / here.p50 - 1
    met = more <= WITHIN
    work = f"{name}: in its replica"
    return Row(work, "the same code alone", f"{there} ms", f"{here} ms", f"{more:+.0%}", f"within {WITHIN:.0%}", met)


def _means(*samples: Samples) -> list[str]:
    """Processor time is counted in steps of 10 ms, so that only its mean is true."""
    return [f"{sum(one.values) / len(one.values):,.0f}" for one in samples]


def _cutouts(bench: Bench, loop: asyncio.Runner) -> list[Work]:
    jpeg, specs = bench.one_megapixel.jpeg, load_registry(Path("configs")).models
    picture = Picture(np.asarray(Image.open(BytesIO(jpeg)).convert("RGB")))

    def made(name: str, model_id: str) -> Work:
        spec = specs[model_id]
        resources = Resources(len(os.sched_getaffinity(0)), cache=bench.service.folder / "compiled")
        remover = Remover(spec, resources, ServiceSpec().encode, 60)
        loop.run(remover.start())

        def here() -> Spans:
            return _spans(loop.run(remover.remove(picture, AS_USUAL, AsFile("png"))))

        def there() -> Spans:
            spans = bench.service.cut(jpeg, model_id).spans_ms
            return {name: ms for name, ms in spans.items() if name != "queue"}

        return Work(f"{name}, {bench.one_megapixel.megapixels:.1f} MP", f"ServeReplica:cutout:{model_id}", here, there)

    return [made(name, model_id) for name, model_id in MODELS.items()]


def _upscale(bench: Bench, loop: asyncio.Runner) -> Work:
    jpeg, upscaler = bench.photos[0].jpeg, Upscaler(ServiceSpec().encode)
    picture = Picture(np.asarray(Image.open(BytesIO(jpeg)).convert("RGB")))

    def here() -> Spans:
        return loop.run(upscaler.upscale_picture(picture, FACTOR, "png", True, "lanczos")).times_ms

    megapixels = bench.photos[0].megapixels * FACTOR**2
    name = f"`/upscale` to {megapixels:.1f} MP"
    return Work(name, "ServeReplica:cutout:Upscaler", here, lambda: bench.service.upscale(jpeg, FACTOR).spans_ms)


def _spans(outcome: CutoutFile | Failure) -> Spans:
    if isinstance(outcome, CutoutFile):
        return outcome.times_ms
    raise RuntimeError(outcome.message)
