"""Who works on which processor: threads for pixels, and what they leave to those who must answer at once."""

import os
from concurrent.futures import ThreadPoolExecutor

CORES = len(os.sched_getaffinity(0))
"""Processors that this process may use."""
THREADS = ThreadPoolExecutor(CORES, "pixels")
"""For parts of a picture whose work leaves Python's lock alone. A part must not wait for another one."""
NICE = 5
"""A thread so nice has a third of the time of one that is not, where both want a processor."""


def give_way() -> None:
    """Let this thread, and those that it will start, work only as far as event loops and proxies leave time.

    In a crowd every picture waits anyhow; who asks for /health, or is refused, should not wait behind all of them.
    """
    os.nice(NICE)
