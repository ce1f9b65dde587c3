"""An SQLite file that cannot be written for a while: another writer does not end, or its disk is full."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def unwritable(file: Path, trouble: str) -> Iterator[None]:
    """Have the trouble: `a writer that does not end`, or `a full disk`, where no file of this process may grow."""
    with _writer(file) if trouble.startswith("a writer") else _no_room():
        yield


@contextmanager
def _writer(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _no_room() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
