"""Processes of a run, found by the mark in their environment, so that an end leaves nothing behind.

Ray ends its processes with the driver; HAProxy can outlive it and keep the port (ray 2.60).
"""

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

RUN_ID = "CUTOUT_RUN_ID"
GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Run:
    """A service in the foreground somewhere."""

    pid: int
    """Of the service itself, which ends what it has in hand at a SIGTERM; its parent may be dead."""
    run_id: str
    ray_address: str | None = None
    """Of its Ray, once that is up."""

    def write(self, file: Path) -> None:
        """Say where it can be found."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


def running(file: Path) -> Run | None:
    """The run that `file` speaks of, if it still lives."""
    try:
        run = Run(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # torn: its writer was killed
        return None
    return run if members(run.run_id) else None


def end_processes(run_id: str) -> None:
    """SIGTERM to every other process of the run, SIGKILL to what is left after GRACE_S seconds."""
    deadline = time.monotonic() + GRACE_S
    _signal(run_id, signal.SIGTERM)
    while _others(run_id) and time.monotonic() < deadline:
        time.sleep(0.1)
    _signal(run_id, signal.SIGKILL)


def members(run_id: str) -> list[int]:
    """Process ids whose environment carries the run's mark."""
    mark = f"{RUN_ID}={run_id}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def lives(run_id: str, program: str) -> bool:
    """Whether a process of the run has `program` in its command line."""
    for pid in members(run_id):
        with suppress(OSError):  # it ended meanwhile
            if program.encode() in (Path("/proc") / str(pid) / "cmdline").read_bytes():
                return True
    return False


def _others(run_id: str) -> list[int]:
    return [pid for pid in members(run_id) if pid != os.getpid()]


def _signal(run_id: str, number: signal.Signals) -> None:
    for pid in _others(run_id):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
