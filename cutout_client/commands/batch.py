"""Processes many photographs concurrently: reading, processing and writing overlap, and each fails alone."""

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
class Output:
    """A result of one photograph: a file, or an error."""

    label: str
    """The model's id; empty where each photograph has one result."""
    image: bytes | None
    error: str | None
    facts: Mapping[str, object]
    """Further fields of the JSON line."""


Work: TypeAlias = Callable[[bytes, Sequence[str]], AsyncIterator[Output]]
"""Turns a photograph's bytes into one output per label, as each is finished; raises CutoutError."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Photographs, and the destination of their results."""

    photos: Sequence[Photo]
    destination: Destination
    overwrite: bool
    report: Report

    async def run(self, work: Work, labels: Sequence[str], at_once: int) -> None:
        """Process every photograph, `at_once` of them at a time."""
        photos, claimed = iter(self.photos), set[Path]()

        async def worker() -> None:
            for photo in photos:
                await self._one(photo, work, labels, claimed)
                self.report.done()

        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(self.photos))):
                group.create_task(worker())

    def _free(self, photo: Photo, labels: Sequence[str], claimed: set[Path]) -> list[str]:
        """The labels whose file may be written; reports why the others may not."""
        free = []
        for label in labels:
            path = self.destination.path(photo, label)
            if path and (path in claimed or (path.exists() and not self.overwrite)):
                why = "is the result of another photograph" if path in claimed else "exists; --overwrite replaces it"
                self.report.failed(photo.source, f"{shown(path)} {why}", _names(photo, label))
                continue
            claimed |= {path} if path else set()
            free.append(label)
        return free

    async def _one(self, photo: Photo, work: Work, labels: Sequence[str], claimed: set[Path]) -> None:
        try:
            if free := self._free(photo, labels, claimed):
                async for made in work(await asyncio.to_thread(photo.read), free):
                    await self._save(photo, made)
        except BrokenPipeError:
            raise  # nobody reads standard output any more: the whole run ends
        except CutoutError as error:
            self.report.failed(photo.source, error.message, _names(photo) | {"error_type": error.type})
        except OSError as error:
            reason = error.strerror or str(error)
            self.report.failed(photo.source, reason, _names(photo) | {"error_type": "file"})
        except Exception as fault:  # noqa: BLE001 - fails this photograph alone, whatever it is
            reason = f"Internal error: {type(fault).__name__}: {fault}"
            self.report.failed(photo.source, reason, _names(photo) | {"error_type": "internal_error"})

    async def _save(self, photo: Photo, made: Output) -> None:
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
    """Write a file completely or not at all; None is standard output."""
    if path is None:
        sys.stdout.buffer.write(image)
        sys.stdout.buffer.flush()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(image)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
