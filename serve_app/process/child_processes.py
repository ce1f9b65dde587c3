"""Finds the processes of a run by a variable in their environment, so that stopping a service leaves none behind.

Ray stops its processes with the driver, but HAProxy can outlive it and keep the port (Ray 2.60).
"""

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from serve_app.settings import RUN_ID

GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Run:
    """A running service."""

    pid: int
    """The service's own process, which finishes its requests on SIGTERM; its supervisor may be dead."""
    run_id: str
    ray_address: str | None = None
    """Address of its Ray; None until Ray has started."""

    def write(self, file: Path) -> None:
        """Record the run in a file, for `apply` and `stop`."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


def running(file: Path) -> Run | None:
    """The run recorded in `file`, if any of its processes is alive."""
    try:
        run = Run(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # incomplete: the writer was killed
        return None
    return run if members(run.run_id) else None


def end_processes(run_id: str) -> None:
    """Send SIGTERM to every other process of the run, and after GRACE_S seconds SIGKILL to those still alive."""
    deadline = time.monotonic() + GRACE_S
    _signal(run_id, signal.SIGTERM)
    while _others(run_id) and time.monotonic() < deadline:
        time.sleep(0.1)
    _signal(run_id, signal.SIGKILL)


def members(run_id: str, program: str = "") -> list[int]:
    """Process ids of a run, optionally only those with `program` in their command line."""
    mark = f"{RUN_ID}={run_id}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError):  # it has ended, or belongs to another user
            marked = mark in (folder / "environ").read_bytes().split(b"\0")
            if marked and program.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def _others(run_id: str) -> list[int]:
    return [pid for pid in members(run_id) if pid != os.getpid()]


def _signal(run_id: str, number: signal.Signals) -> None:
    for pid in _others(run_id):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
