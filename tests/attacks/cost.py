"""What reading a picture file takes, beyond a process that reads none.

Each file is read in a process of its own, forked from one that has never had a picture: memory that an earlier one has
left behind would not be counted. The pixels are written where the service writes them, into memory that is shared.
"""

import multiprocessing
import os
import resource
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cutout.errors import CutoutError
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import opened
from cutout.pixels.decoding.server import decoded_into


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one file."""

    cpu_s: float
    memory: int
    """Bytes at the most, the picture's own pixels among them."""
    said: str
    """Its size, or why it was refused."""


def fresh_processes() -> ProcessPoolExecutor:
    """Processes for one file each; `submit(cost, data, limits)`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(1, context, max_tasks_per_child=1)


def cost(data: bytes, limits: LimitsSpec) -> Cost:
    """Read a file; to be called in a fresh process."""
    Path("/proc/self/clear_refs").write_text("5")  # from here on the peak is counted
    before, begun = _memory("VmRSS"), _cpu_s()
    pixel_file = os.memfd_create("pixels")
    try:
        file = opened(data, limits)
        picture = decoded_into(pixel_file, file)
        said = str(picture.size)
    except CutoutError as refused:
        said = f"{type(refused).__name__}: {refused}"
    return Cost(_cpu_s() - begun, _memory("VmHWM") - before, said)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory(field: str) -> int:
    return 1024 * int(Path("/proc/self/status").read_text().partition(f"{field}:")[2].split()[0])
