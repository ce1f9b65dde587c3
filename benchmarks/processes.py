"""Programs started and stopped by the benchmark, and what their processes take of memory and of processors."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

END_S = 60
"""Longest end of a program after SIGTERM, in seconds; then it is killed."""
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory of one process."""

    name: str
    pss_bytes: int
    """Resident memory; what processes share is divided among them, so that sums are true."""
    rss_bytes: int
    """Resident memory; what is shared counts whole in each."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process has taken since it began, its threads together."""

    name: str
    cpu_s: float
    """Processor seconds."""
    faults: int
    """Pages of memory that were not there when they were touched, and were not read from a disk."""

    def __sub__(self, earlier: "Usage") -> "Usage":
        return Usage(self.name, self.cpu_s - earlier.cpu_s, self.faults - earlier.faults)


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the background, its output in `log`; ended by SIGTERM to its own process id."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, within_s: float) -> None:
    """Return once the program is ready.

    Raises:
        RuntimeError: it ended, or took longer than `within_s`; the message has the end of its log.
    """
    deadline = time.monotonic() + within_s
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not become ready:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.2)


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def with_children(pids: Iterable[int]) -> set[int]:
    """These processes and all that they started: a title that a process gives itself may cover the mark of its run."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found, more = set[int](), set(pids)
    while more:
        found |= more
        more = {pid for pid, parent in parents.items() if parent in found} - found
    return found


def footprints(pids: Iterable[int]) -> list[Footprint]:
    """Of each process that still lives, the largest first."""
    found = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            found.append(_footprint(Path("/proc") / str(pid)))
    return sorted(found, key=lambda one: -one.pss_bytes)


def usages(pids: Iterable[int]) -> dict[int, Usage]:
    """Of each process that still lives, by its id."""
    found = {}
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            found[pid] = _usage(Path("/proc") / str(pid))
    return found


def _usage(folder: Path) -> Usage:
    fields = (folder / "stat").read_text().rpartition(")")[2].split()  # proc(5), from the third field on
    ticks = int(fields[11]) + int(fields[12])
    return Usage(name_of((folder / "cmdline").read_bytes()), ticks / os.sysconf("SC_CLK_TCK"), int(fields[7]))


def _footprint(folder: Path) -> Footprint:
    fields = dict(line.split(":", 1) for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
    pss, rss = (int(fields[name].split()[0]) * 1024 for name in ("Pss", "Rss"))
    return Footprint(name_of((folder / "cmdline").read_bytes()), pss, rss)


def name_of(command: bytes) -> str:
    """A replica's title, or the program and what it runs, without folders."""
    words = command.decode(errors="replace").strip("\0 ").split("\0")
    if words[0].startswith("ray::"):
        return words[0].removeprefix("ray::").partition(".")[0]  # what follows is the method that it runs just now
    program = Path(words[0]).name
    runs = next((Path(word).name for word in words[1:] if not word.startswith("-")), "")
    return f"{program} {runs}" if program.startswith("python") else program
