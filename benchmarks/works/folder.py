"""A folder of photographs by `cutout remove`, against `rembg p` with the same weights: whole commands, start to end."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, bar, faster, table
from benchmarks.peers import MODELS, rembg
from benchmarks.samples import Samples, alternate
from benchmarks.works.cutouts import ALPHA_ERROR, alpha_error

AT_LEAST = 1.5
END_S = 1800
"""Longest run of a command."""


def folder(bench: Bench) -> Findings:
    """ISNet and u2netp; each side once over the folder, after a photograph that does not count."""
    found, lines = Findings(), []
    for name, model_id in (("ISNet", "local_isnet"), ("u2netp", "local_u2netp")):
        sides = _Sides(bench, model_id)
        times, processor_s = sides.measured()
        count = bench.form.folder_photos
        work = f"{count} photographs of a folder, {name}, `cutout remove`"
        found.rows += [faster(work, "`rembg p`", times["ours"], times["rembg p"], AT_LEAST), sides.agreement(work)]
        found.bars.append(bar(f"{count} photographs, {name}", ours=times["ours"], **{"rembg p": times["rembg p"]}))
        walls = [f"{times[side].p50 / 1000:.1f}" for side in times]
        lines.append([name, *walls, *[f"{processor_s[side]:.1f}" for side in times]])
    head = ["", "Ours, s", "`rembg p`, s", "Ours, s of processor", "`rembg p`, s of processor"]
    found.tables["folder"] = table(head, lines)
    return found


class _Sides:
    """Both commands, for one model."""

    def __init__(self, bench: Bench, model_id: str) -> None:
        self._bench = bench
        self._folder = bench.scratch / f"folder-{model_id}"
        self._processor_s: dict[str, float] = {}
        python = [sys.executable, "-m", "cutout_client.command", "remove"]
        data = {"CUTOUT_DATA_DIR": str(self._folder / "data")}
        self._ours = ([*python, "-m", model_id, "{input}", "-o", "{output}"], {**os.environ, **data})
        self._theirs = ([*rembg(), "p", "-m", MODELS[model_id], "{input}", "{output}"], bench.rembg_home)

    def measured(self) -> tuple[dict[str, Samples], dict[str, float]]:
        """Wall time in ms, and seconds of processor time, of each side."""
        one, many = (self._filled(count) for count in (1, self._bench.form.folder_photos))
        sides: dict[str, Callable[[Path], Any]] = {"ours": lambda photos: self._run("ours", *self._ours, photos)}
        sides |= {"rembg p": lambda photos: self._run("rembg p", *self._theirs, photos)}
        for measure in sides.values():
            measure(one)
        return alternate({many.name: many}, 1, sides, warm_up=False), self._processor_s

    def agreement(self, work: str) -> Row:
        """Whether both cut the same."""
        ours, theirs = (self._output(side, self._bench.form.folder_photos) for side in ("ours", "rembg p"))
        errors = [alpha_error(file.read_bytes(), (theirs / file.name).read_bytes()) for file in ours.iterdir()]
        met = max(errors) <= ALPHA_ERROR and len(errors) == self._bench.form.folder_photos
        target = f"≤ {ALPHA_ERROR:g} in each"
        return Row(
            f"{work}: worst alpha error",
            "`rembg p`",
            f"{len(errors)} files",
            "",
            f"{max(errors):.5f}",
            target,
            met,
            must=True,
        )

    def _filled(self, count: int) -> Path:
        photos = self._folder / f"{count} photographs"
        photos.mkdir(parents=True)
        for number, (name, jpeg) in enumerate(islice(cycle(self._bench.jpegs.items()), count)):
            (photos / f"{number:02d}_{name}.jpg").write_bytes(jpeg)
        return photos

    def _output(self, side: str, count: int) -> Path:
        return self._folder / f"{side}, {count}"

    def _run(self, side: str, command: Sequence[str], environment: Mapping[str, str], photos: Path) -> float:
        """Milliseconds of a command from its start to its end; raises CalledProcessError when it fails."""
        output = self._output(side, len(list(photos.iterdir())))
        given = [word.format(input=photos, output=output) for word in command]
        begun, before = time.perf_counter(), _processor_s()
        subprocess.run(given, env=environment, check=True, capture_output=True, timeout=END_S)
        self._processor_s[side] = _processor_s() - before
        return (time.perf_counter() - begun) * 1000


def _processor_s() -> float:
    """Processor time of all programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
