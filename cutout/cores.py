"""The threads for work on pixels: one a core, shared by all pictures of the process."""

import os
from concurrent.futures import ThreadPoolExecutor

CORES = len(os.sched_getaffinity(0))
"""Processors that this process may use."""
THREADS = ThreadPoolExecutor(CORES, "pixels")
"""For parts of a picture whose work leaves Python's lock alone. A part must not wait for another one."""
