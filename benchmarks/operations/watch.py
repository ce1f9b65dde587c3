"""Memory, file handles and shared memory of every process of a run, over time."""

import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.processes import MEGABYTE, name_of
from serve_app.process.child_processes import members
from tests.support.ray_service import Running

EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """All processes of one name at one time, together."""

    at_s: float
    private_mb: float
    """Resident memory that is nobody else's."""
    shared_mb: float
    """Its part of Ray's object store."""
    handles: int


class Watch:
    """Samples in a thread, until the end of the `with` block; by the processes' names."""

    def __init__(self, service: Running) -> None:
        self.samples: dict[str, list[Sample]] = defaultdict(list)
        self._run_id = service.run_id
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def total_mb(self) -> list[tuple[float, float]]:
        """(seconds, memory of all processes together), at each sample."""
        sums: dict[float, float] = defaultdict(float)
        for samples in self.samples.values():
            for sample in samples:
                sums[sample.at_s] += sample.private_mb + sample.shared_mb
        return sorted(sums.items())

    def _look(self) -> None:
        begun = time.monotonic()
        while not self._ended.wait(EVERY_S):
            at_s = round(time.monotonic() - begun, 1)
            now: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
            for pid in members(self._run_id):
                with suppress(FileNotFoundError, ProcessLookupError):
                    name, *figures = _measured(Path("/proc") / str(pid))
                    now[name] = [old + new for old, new in zip(now[name], figures, strict=True)]
            for name, (private, shared, handles) in now.items():
                self.samples[name].append(Sample(at_s, private, shared, int(handles)))


def _measured(folder: Path) -> tuple[str, float, float, float]:
    fields = dict(line.split(":", 1) for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
    private, shared = (int(fields[name].split()[0]) * 1024 / MEGABYTE for name in ("Pss_Anon", "Pss_Shmem"))
    return name_of((folder / "cmdline").read_bytes()), private, shared, sum(1 for _ in (folder / "fd").iterdir())
