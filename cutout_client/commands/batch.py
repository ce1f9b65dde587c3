"""Many photographs through one work: read, worked on and written side by side, and each one fails alone."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cutout.errors import CutoutError
from cutout_client.commands.destination import Destination
from cutout_client.commands.names import shown
from cutout_client.commands.photos import Photo
from cutout_client.commands.report import Report


@dataclass(frozen=True, slots=True)
class Made:
    """A file that came of a photograph, or why it did not."""

    label: str
    """The model's id; empty where there is one result a photograph."""
    image: bytes | None
    error: str | None
    facts: Mapping[str, object]
    """What a script may want to know of it."""


Work: TypeAlias = Callable[[bytes, Sequence[str]], AsyncIterator[Made]]
"""From a photograph's bytes and the labels wanted to what comes of it, one after the other; raises CutoutError."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Photographs, and where their results go."""

    photos: Sequence[Photo]
    destination: Destination
    overwrite: bool
    report: Report

    async def run(self, work: Work, labels: Sequence[str], at_once: int) -> None:
        """Do the work on every photograph, `at_once` of them at a time."""
        photos, claimed = iter(self.photos), set[Path]()

        async def worker() -> None:
            for photo in photos:
                await self._one(photo, work, labels, claimed)
                self.report.done()

        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(self.photos))):
                group.create_task(worker())

    def _free(self, photo: Photo, labels: Sequence[str], claimed: set[Path]) -> list[str]:
        """The labels whose file may be written; what stands in the way of the others is reported."""
        free = []
        for label in labels:
            path = self.destination.path(photo, label)
            if path and (path in claimed or (path.exists() and not self.overwrite)):
                why = (
                    "the result of another photograph" if path in claimed else "there already; --overwrite replaces it"
                )
                self.report.failed(photo.source, f"{shown(path)} is {why}", _names(photo, label))
                continue
            claimed |= {path} if path else set()
            free.append(label)
        return free

    async def _one(self, photo: Photo, work: Work, labels: Sequence[str], claimed: set[Path]) -> None:
        try:
            if free := self._free(photo, labels, claimed):
                async for made in work(await asyncio.to_thread(photo.read), free):
                    await self._keep(photo, made)
        except BrokenPipeError:
            raise  # nobody reads what the whole run has to say
        except CutoutError as error:
            self.report.failed(photo.source, error.message, _names(photo) | {"error_type": error.type})
        except OSError as error:
            reason = error.strerror or str(error)
            self.report.failed(photo.source, reason, _names(photo) | {"error_type": "file"})
        except Exception as fault:  # noqa: BLE001 - of whatever kind: it is this photograph's, and the others go on
            reason = f"This program failed: {type(fault).__name__}: {fault}"
            self.report.failed(photo.source, reason, _names(photo) | {"error_type": "internal_error"})

    async def _keep(self, photo: Photo, made: Made) -> None:
        facts = {**_names(photo, made.label), **made.facts}
        if made.image is None:
            self.report.failed(photo.source, f"{made.label}: {made.error}", facts)
            return
        path = self.destination.path(photo, made.label)
        await asyncio.to_thread(_write, path, made.image)
        self.report.made({**facts, "output": str(path) if path else None})


def _names(photo: Photo, label: str = "") -> dict[str, object]:
    return {"photo": photo.source, "model_id": label} if label else {"photo": photo.source}


def _write(path: Path | None, image: bytes) -> None:
    """Write a file whole or not at all; None is standard output."""
    if path is None:
        sys.stdout.buffer.write(image)
        sys.stdout.buffer.flush()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_name(f".{path.name}.part")
    try:
        begun.write_bytes(image)
        os.replace(begun, path)
    finally:
        begun.unlink(missing_ok=True)
