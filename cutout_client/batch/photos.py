"""Finds a command's photographs, and the files in folders that are not photographs."""

import glob
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import typer

from cutout.pixels.endings import READ, READ_WORDS
from cutout_client.batch.names import shown

STREAM = "-"
APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""First bytes of the `._NAME` files in which macOS stores metadata on foreign file systems."""


@dataclass(frozen=True, slots=True)
class Photo:
    """An input photograph."""

    source: str
    """Its path, or `-` for standard input."""
    name: Path
    """Path within the given folder, without the suffix."""

    given: bytes | None = None
    """The bytes read from standard input."""
    found: bool = False
    """Whether it was found in a folder, not named itself."""

    def read(self) -> bytes:
        """The file's bytes; raises OSError when it cannot be read."""
        return Path(self.source).read_bytes() if self.given is None else self.given


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is not processed."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """The photographs that a command's arguments name."""

    photos: tuple[Photo, ...]
    """Each once, in order. A missing one fails when it is read, alone."""
    left_out: tuple[LeftOut, ...] = ()

    def without(self, results: Iterable[Path]) -> "Found":
        """Without those found in folders that are results of other photographs, from an earlier run."""
        places = {path.absolute() for path in results}
        photos, left = list[Photo](), list[LeftOut]()
        for photo in self.photos:
            if photo.found and Path(photo.source).absolute() in places:
                left.append(LeftOut(Path(photo.source), "a result of this command"))
            else:
                photos.append(photo)
        return Found(tuple(photos), (*self.left_out, *left))

    def sentences(self) -> list[str]:
        """What was left out: one line per folder and reason."""
        groups = groupby(sorted(self.left_out, key=_group), key=_group)
        return [
            f"{shown(folder)}: left out, {reason}: {', '.join(shown(left.path.name) for left in some)}"
            for (folder, reason), some in groups
        ]


def photographs(arguments: Sequence[str], recursive: bool, out: str | None = None) -> Found:
    """The photographs that arguments stand for. In a folder, what lies at `out` is left out: results of a run before.

    Raises:
        typer.BadParameter: a folder holds none.
    """
    found = [_of(argument, recursive, out) for argument in dict.fromkeys(arguments)]
    photos = {photo.source: photo for one in found for photo in one.photos}
    return Found(tuple(photos.values()), tuple(left for one in found for left in one.left_out))


def _of(argument: str, recursive: bool, out: str | None) -> Found:
    path = Path(argument)
    if argument == STREAM:
        # Read here: Ctrl-C could not interrupt a thread that waits for standard input.
        return Found((Photo(STREAM, Path("stdin"), sys.stdin.buffer.read()),))
    try:
        if path.is_dir():
            found = in_folder(path, recursive, Path(out).absolute() if out else None)
            if not found.photos:
                raise typer.BadParameter(f"{shown(path)} contains no {READ_WORDS} file")
            return found
        files = [path] if path.exists() else [Path(match) for match in sorted(glob.glob(argument, recursive=recursive))]
    except OSError:
        files = []  # an invalid name, or a folder without access: reading it will fail
    return Found(tuple(Photo(str(file), Path(file.stem)) for file in files or [path]))


def in_folder(folder: Path, recursive: bool, out: Path | None) -> Found:
    """The photographs in a folder, and what else is there; `out`, an absolute path, is that of the results."""
    files, left = list[Path](), list[LeftOut]()
    folders = [folder]
    while folders:
        for path in folders.pop().iterdir():
            reason = _reason(path, recursive, out)
            if reason:
                left.append(LeftOut(path, reason))
            else:
                (folders if path.is_dir() else files).append(path)
    photos = (Photo(str(file), file.relative_to(folder).with_suffix(""), found=True) for file in sorted(files))
    return Found(tuple(photos), tuple(left))


def _reason(path: Path, recursive: bool, out: Path | None) -> str:
    """Why a path in a folder is not processed; empty if it is."""
    if out == path.absolute():
        return "the folder of the results"
    if path.is_dir():
        if not recursive:
            return "a folder; --recursive includes it"
        return "a link to a folder" if path.is_symlink() else ""
    if path.suffix.lower() not in READ:
        return f"not named as {READ_WORDS}"
    if not path.is_file():
        return "a broken link" if path.is_symlink() else "not a file"
    return "macOS metadata" if _is_apple_double(path) else ""


def _is_apple_double(path: Path) -> bool:
    if not path.name.startswith("._"):
        return False
    with path.open("rb") as file:
        return file.read(len(APPLE_DOUBLE)) == APPLE_DOUBLE


def _group(left: LeftOut) -> tuple[Path, str]:
    return left.path.parent, left.reason
