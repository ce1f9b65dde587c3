"""A command, watched from its start to its end: its time, its processor, the memory of all its processes."""

import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psutil

from benchmarks.processes import footprints

LOOK_S = 5.0
"""Seconds between two looks at its memory: each takes some hundredths of a second of a processor."""


@dataclass(frozen=True, slots=True)
class Run:
    """One command."""

    wall_s: float
    processor_s: float
    memory: tuple[tuple[float, float], ...]
    """Unix times, and megabytes of all processes: what they share is divided among them (PSS)."""

    def megabytes(self, first_s: float, last_s: float) -> list[float]:
        """Its memory between two Unix times."""
        return [megabytes for at_s, megabytes in self.memory if first_s <= at_s <= last_s]


def watched(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end; raises CalledProcessError when it fails."""
    began, memory, used = time.monotonic(), list[tuple[float, float]](), dict[int, float]()
    process = subprocess.Popen(command, env=environment)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_S):
            pids = list(_processor_s(process.pid, used))
            total = sum(one.pss_bytes for one in footprints(pids))
            memory.append((time.time(), total / 1e6))

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
