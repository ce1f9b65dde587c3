"""Pictures a minute: of `cutout remove`, of `rembg p`, of `cutout catalogue`, and what the last one takes of memory."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks import peers
from benchmarks.catalogue.pictures import spread
from benchmarks.catalogue.watched import Run, watched
from cutout.models.registry import load_registry

WARM = 0.25
"""Share of the pictures after which a run counts as warm."""
PEERS = 200
"""Pictures that `rembg p` does, which is as fast with more: it does one after another in one process."""
COMMAND = (sys.executable, "-m", "cutout_client.command")


@dataclass(frozen=True, slots=True)
class Work:
    """What all commands do."""

    scratch: Path
    pictures: Sequence[Path]
    """In one folder."""
    model: str

    @property
    def given(self) -> str:
        """The pictures' folder."""
        return str(self.pictures[0].parent)

    @property
    def data(self) -> tuple[str, str]:
        """The option that names the folder of compiled networks."""
        return "--data-dir", os.environ.get("CUTOUT_DATA_DIR", str(self.scratch / "data"))


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one command."""

    name: str
    run: Run
    whole: float
    """Pictures a minute, its start and end counted."""
    steady: float
    """The same once it is warm."""
    growth: float | None = None
    """What its memory then grows by, of 1; None: not measured."""

    def __str__(self) -> str:
        wall = f"{self.run.wall_s:,.0f} s, {self.run.processor_s:,.0f} s of processor"
        memory = [megabytes for _, megabytes in self.run.memory]
        size = f", at most {max(memory):,.0f} MB" if memory else ""
        return f"{self.name}: {self.whole:.1f} pictures a minute, {self.steady:.1f} once warm; {wall}{size}"


def remove(work: Work) -> Pace:
    """`cutout remove`: one process, no cluster."""
    out = work.scratch / "removed"
    run = watched([*COMMAND, "remove", work.given, "-m", work.model, "-o", str(out), *work.data])
    ended = sorted(file.stat().st_mtime for file in out.iterdir())
    shutil.rmtree(out)
    return Pace("cutout remove", run, _whole(len(work.pictures), run), _steady(ended))


def rembg(work: Work) -> Pace:
    """`rembg p` with the same weights, on a part of the pictures, after one that warms it up."""
    ours = load_registry(Path("configs")).models
    environment = peers.environment(work.scratch / "rembg", ours) | {"TQDM_DISABLE": "1"}
    command = [*peers.rembg(), "p", "-m", peers.MODELS[work.model]]
    for name, count in (("warm-up", 1), ("part", min(PEERS, len(work.pictures)))):
        given, out = work.scratch / f"rembg-{name}", work.scratch / f"rembg-{name}-out"
        spread(work.pictures, count, given)
        run = watched([*command, str(given), str(out)], environment)
    ended = sorted(file.stat().st_mtime for file in out.iterdir())
    shutil.rmtree(out)
    return Pace(f"rembg p, {count} of them", run, _whole(count, run), _steady(ended))


def catalogue(work: Work) -> Pace:
    """`cutout catalogue`, on a Ray of its own."""
    out = work.scratch / "out"
    run = watched([*COMMAND, "catalogue", work.given, str(out), "-m", work.model, *work.data])
    ended = ended_at(out)
    shutil.rmtree(out)
    memory = run.megabytes(ended[int(len(ended) * WARM)], ended[-1])
    growth = max(memory) / memory[0] - 1 if memory else None
    return Pace("cutout catalogue", run, _whole(len(work.pictures), run), _steady(ended), growth)


def ended_at(out: Path) -> list[float]:
    """When each picture of a catalogue was done, as Unix times in order."""
    return sorted(pq.read_table(out / "manifest.parquet", columns=["ended_at"])["ended_at"].to_pylist())


def steady(out: Path) -> float:
    """Pictures of a catalogue a minute, once all processes are at work."""
    return _steady(ended_at(out))


def _whole(count: int, run: Run) -> float:
    return count * 60 / run.wall_s


def _steady(ended: Sequence[float]) -> float:
    first = int(len(ended) * WARM)
    return (len(ended) - 1 - first) * 60 / (ended[-1] - ended[first])
