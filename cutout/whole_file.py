"""Files that are there completely or not at all, whatever interrupts their writing."""

import os
from pathlib import Path


def write_whole(file: Path, data: bytes) -> None:
    """Write a file, and the folders that it is in; one that is there is replaced at once.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
