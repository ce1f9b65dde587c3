"""Threads for work on pixels, and their priority."""

import os
from concurrent.futures import ThreadPoolExecutor

CORES = len(os.sched_getaffinity(0))
"""Processors that this process may use."""
THREADS = ThreadPoolExecutor(CORES, "pixels")
"""For parts of a picture whose work releases the GIL. One part must not wait for another."""
NICE = 5
"""Niceness of threads that work on pixels: about a third of the processor time of a thread at 0."""


def give_way() -> None:
    """Lower the priority of this thread and of those that it will start.

    Under load pictures wait anyway; event loops, which answer /health and refuse requests, should not.
    """
    os.nice(NICE)
