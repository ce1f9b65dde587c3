"""Photographs of a folder as they arrive, each once it is written completely."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import typer

from cutout_client.batch.names import shown
from cutout_client.batch.photos import Photo, in_folder

LOOK_S = 1.0
"""Seconds between two looks at the folder. A file is complete when it has not changed from one to the next."""
State: TypeAlias = tuple[int, int]
"""Bytes, and the time of the last change in nanoseconds."""


def check_watched(folder: Path, out: str | None) -> None:
    """Check that a folder can be watched while results are written to `out`.

    Raises:
        typer.BadParameter: it is no folder, or the results would be taken for photographs.
    """
    if not folder.is_dir():
        raise typer.BadParameter(f"--watch: a folder expected, not {shown(folder)}")
    if out is not None and Path(out).resolve() == folder.resolve():
        raise typer.BadParameter("OUT: another folder than the watched one expected")


async def arriving(folder: Path, recursive: bool, out: Path | None, ended: asyncio.Event) -> AsyncIterator[Photo]:
    """Each photograph in a folder, those that are there and those that come or change, until `ended`.

    `out`, an absolute path, is that of the results: what lies there is no photograph.
    """
    before, taken = dict[Photo, State](), dict[Photo, State]()
    while not ended.is_set():
        now = dict(_states(in_folder(folder, recursive, out).photos))
        for photo, state in now.items():
            if before.get(photo) == state != taken.get(photo):
                taken[photo] = state
                yield photo
        before = now
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), LOOK_S)


def _states(photos: Iterable[Photo]) -> Iterator[tuple[Photo, State]]:
    """Those that are still there."""
    for photo in photos:
        with suppress(FileNotFoundError):
            found = os.stat(photo.source)
            yield photo, (found.st_size, found.st_mtime_ns)
