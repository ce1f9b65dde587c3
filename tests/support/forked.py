"""Processes that a test may kill, begun as copies of one that has imported the service: importing it takes seconds."""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerProcess
from typing import Any

FORKS = multiprocessing.get_context("forkserver")


def forked(work: Callable[..., None], *given: Any) -> ForkServerProcess:
    """A process that has begun to do this, in the environment of now."""
    FORKS.set_forkserver_preload([work.__module__])  # of the first; its copies have all that this imports
    process = FORKS.Process(target=_run, args=(dict(os.environ), work, *given), daemon=True)
    process.start()
    return process


def _run(environment: Mapping[str, str], work: Callable[..., None], *given: Any) -> None:
    os.environ.update(environment)
    work(*given)
