"""Processes many photographs concurrently: reading, processing and writing overlap, and each fails alone."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import typer

from cutout.errors import CutoutError
from cutout.whole_file import write_whole
from cutout_client.batch.destination import Destination
from cutout_client.batch.names import shown
from cutout_client.batch.photos import Photo
from cutout_client.batch.report import Report

Existing: TypeAlias = Literal["refuse", "skip", "replace"]
"""What is done where a result is there already."""


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
    """Where the results of photographs go, and what is said of them."""

    destination: Destination
    existing: Existing
    report: Report
    _claimed: dict[Path, str] = field(default_factory=dict)
    """The results of this run, each with its photograph."""

    def left(self, photos: Sequence[Photo], labels: Sequence[str]) -> list[Photo]:
        """The photographs that lack a result; reports the others as skipped, if existing results are."""
        if self.existing != "skip":
            return list(photos)
        missing = {photo.source for photo in photos if any(not self._is_there(photo, label) for label in labels)}
        for photo in photos:
            if photo.source not in missing:
                self._free(photo, labels)
                self.report.done()
        return [photo for photo in photos if photo.source in missing]

    async def run(self, photos: AsyncIterator[Photo], work: Work, labels: Sequence[str], at_once: int) -> None:
        """Process every photograph, `at_once` of them at a time."""
        taking = asyncio.Lock()

        async def worker() -> None:
            while True:
                async with taking:
                    photo = await anext(photos, None)
                if photo is None:
                    return
                await self._one(photo, work, labels)
                self.report.done()

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(worker())

    def _is_there(self, photo: Photo, label: str) -> bool:
        path = self.destination.path(photo, label)
        return path is not None and path.exists()

    def _free(self, photo: Photo, labels: Sequence[str]) -> list[str]:
        """The labels whose file may be written; reports why the others may not."""
        free = []
        for label in labels:
            path = self.destination.path(photo, label)
            if path and self._claimed.get(path, photo.source) != photo.source:
                self._refuse(photo, label, f"{shown(path)} is the result of another photograph")
            elif path and path.exists() and self.existing == "skip":
                self.report.skipped({**_names(photo, label), "output": str(path)})
            elif path and path.exists() and self.existing == "refuse":
                self._refuse(photo, label, f"{shown(path)} exists; --overwrite replaces it, --skip-existing keeps it")
            else:
                self._claimed.update({path: photo.source} if path else {})
                free.append(label)
        return free

    def _refuse(self, photo: Photo, label: str, why: str) -> None:
        self.report.failed(photo.source, why, _names(photo, label))

    async def _one(self, photo: Photo, work: Work, labels: Sequence[str]) -> None:
        try:
            if free := self._free(photo, labels):
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


def existing_of(*, overwrite: bool, skip: bool) -> Existing:
    """What two options of a command say; raises typer.BadParameter if both are given."""
    if overwrite and skip:
        raise typer.BadParameter("--overwrite or --skip-existing expected, not both")
    return "replace" if overwrite else "skip" if skip else "refuse"


async def one_by_one(photos: Iterable[Photo]) -> AsyncIterator[Photo]:
    """Photographs that are known, for Batch.run."""
    for photo in photos:
        yield photo


def _names(photo: Photo, label: str = "") -> dict[str, object]:
    return {"photo": photo.source, "model_id": label} if label else {"photo": photo.source}


def _write(path: Path | None, image: bytes) -> None:
    """Write a file completely or not at all; None is standard output."""
    if path is None:
        sys.stdout.buffer.write(image)
        sys.stdout.buffer.flush()
        return
    write_whole(path, image)
