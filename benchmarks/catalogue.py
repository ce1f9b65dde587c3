"""python -m benchmarks.catalogue: a folder by `cutout catalogue`, against `cutout remove`; pace, processor, memory.

With `--nodes 3`: its pace on one, two and three Ray nodes of this machine, with a model that only waits.

The folder has COUNT copies of the photographs of PHOTOS and tests/photos. Memory is that of all processes of the
command: what they share is divided among them (PSS), and Ray's shared memory counts once.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from benchmarks.catalogue_nodes import clusters, configured, drawn
from benchmarks.processes import footprints

TESTS = Path("tests/photos")
LOOK_S = 2.0
WARM = 0.25
"""Share of the run after which it counts as warm."""


@dataclass(frozen=True, slots=True)
class Run:
    """One command over the folder."""

    wall_s: float
    processor_s: float
    memory: tuple[tuple[float, float], ...]
    """Seconds since the start, and megabytes."""


def measured(command: Sequence[str]) -> Run:
    """Run a command to its end; raises CalledProcessError when it fails."""
    began, memory, used = time.monotonic(), list[tuple[float, float]](), dict[int, float]()
    process = subprocess.Popen([sys.executable, "-m", "cutout_client.command", *command])
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_S):
            pids = list(_processor_s(process.pid, used))
            total = sum(one.pss_bytes for one in footprints(pids))
            memory.append((time.monotonic() - began, total / 1e6))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    ended.set()
    watcher.join()
    if code:
        raise subprocess.CalledProcessError(code, list(command))
    return Run(time.monotonic() - began, sum(used.values()), tuple(memory))


def _processor_s(pid: int, used: dict[int, float]) -> Iterator[int]:
    """The processes below one, and it; `used` gets the processor seconds of each so far."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for one in family:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used[one.pid] = times.user + times.system
        yield one.pid


def filled(folder: Path, sources: Sequence[Path], count: int) -> Path:
    """A folder of so many photographs."""
    folder.mkdir(parents=True)
    for number, source in enumerate(islice(cycle(sources), count)):
        (folder / f"{number:05d}-{source.name}").write_bytes(source.read_bytes())
    return folder


def steady(out: Path, count: int) -> float:
    """Pictures a minute once all processes are at work: from the first quarter's last picture to the last one."""
    ended: list[float] = sorted(pq.read_table(out / "manifest.parquet", columns=["ended_at"])["ended_at"].to_pylist())
    first = ended[int(count * WARM)]
    return (count - int(count * WARM)) * 60 / (ended[-1] - first)


def _said(name: str, run: Run, count: int) -> str:
    warm = [megabytes for at_s, megabytes in run.memory if at_s > run.wall_s * WARM]
    spread = f"{min(warm):.0f} to {max(warm):.0f} MB once warm" if warm else "not measured"
    pace = f"{count * 60 / run.wall_s:6.1f} pictures a minute"
    return f"{name:18} {run.wall_s:7.1f} s, {pace}, {run.processor_s:7.1f} s of processor, {spread}"


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/eval"), help="a folder of photographs")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--model", default="local_u2netp")
    parser.add_argument("--nodes", type=int, help="Ray nodes at most, with a model that only waits")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="catalogue-") as scratch:
        if given.nodes:
            grown(Path(scratch), given.count, given.nodes)
        else:
            sources = sorted([*given.photos.glob("*.jpg"), *TESTS.glob("*.jpg")])
            compared(Path(scratch), sources, given.count, given.model)


def compared(folder: Path, sources: Sequence[Path], count: int, model: str) -> None:
    """Measure both commands on this machine."""
    photos, out = filled(folder / "in", sources, count), folder / "out"
    data = ["--data-dir", os.environ.get("CUTOUT_DATA_DIR", str(folder / "data"))]
    remove = measured(["remove", str(photos), "-m", model, "-o", str(folder / "removed"), *data])
    print(_said("cutout remove", remove, count))
    catalogue = measured(["catalogue", str(photos), str(out), "-m", model, *data])
    print(_said("cutout catalogue", catalogue, count))
    print(f"{'':18} {steady(out, count):.1f} pictures a minute after the first quarter")
    print(f"{'':18} {remove.wall_s / catalogue.wall_s:.2f} of the pace of cutout remove")


def grown(folder: Path, count: int, most: int) -> None:
    """Measure clusters of one node up to so many."""
    configs, photos = configured(folder / "configs"), drawn(folder / "in", count)
    options = ["-m", "waiting", "--config-dir", str(configs), "--data-dir", str(folder / "data")]
    paces = dict[int, float]()
    for nodes, address in clusters(folder, most):
        out = folder / f"out-{nodes}"
        measured(["catalogue", str(photos), str(out), *options, "--ray-address", address])
        paces[nodes] = steady(out, count)
        pace = f"{paces[nodes]:.1f} pictures a minute after the first quarter"
        print(f"{nodes} nodes {'':10} {pace}, {paces[nodes] / paces[1]:.2f} times that of one", flush=True)


if __name__ == "__main__":
    main()
