"""Which photographs a command is given, and what a folder has that is none."""

import glob
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import typer

from cutout.pixels.endings import READ, READ_WORDS
from cutout_client.commands.names import shown

STREAM = "-"
APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""Begins what macOS keeps beside a file, as `._NAME`, on disks that have no place for it."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph that a command was given."""

    source: str
    """Its path, or `-` for standard input."""
    name: Path
    """Its own path within the folder that was given, without its suffix."""

    given: bytes | None = None
    """What standard input had."""
    found: bool = False
    """Whether it was found in a folder, and not named."""

    def read(self) -> bytes:
        """The file's bytes; raises OSError when it cannot be read."""
        return Path(self.source).read_bytes() if self.given is None else self.given


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a folder that is not worked on."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the arguments of a command stand for."""

    photos: tuple[Photo, ...]
    """Each once, in order. One that is not there fails when it is read, alone."""
    left_out: tuple[LeftOut, ...] = ()

    def without(self, results: Iterable[Path]) -> "Found":
        """Without files of folders that are another photograph's results: those of the run before."""
        places = {path.absolute() for path in results}
        photos, left = list[Photo](), list[LeftOut]()
        for photo in self.photos:
            if photo.found and Path(photo.source).absolute() in places:
                left.append(LeftOut(Path(photo.source), "a result of this command"))
            else:
                photos.append(photo)
        return Found(tuple(photos), (*self.left_out, *left))

    def sentences(self) -> list[str]:
        """What was left out: one line for each folder and reason."""
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
        # Read here: a thread that waits for standard input could not be ended by Ctrl-C.
        return Found((Photo(STREAM, Path("stdin"), sys.stdin.buffer.read()),))
    try:
        if path.is_dir():
            return _in_folder(path, recursive, Path(out).absolute() if out else None)
        files = [path] if path.exists() else [Path(match) for match in sorted(glob.glob(argument, recursive=recursive))]
    except OSError:
        files = []  # a name that the system will not look up, or a folder that it will not open: it fails when read
    return Found(tuple(Photo(str(file), Path(file.stem)) for file in files or [path]))


def _in_folder(folder: Path, recursive: bool, out: Path | None) -> Found:
    files, left = list[Path](), list[LeftOut]()
    folders = [folder]
    while folders:
        for path in folders.pop().iterdir():
            reason = _reason(path, recursive, out)
            if reason:
                left.append(LeftOut(path, reason))
            else:
                (folders if path.is_dir() else files).append(path)
    if not files:
        raise typer.BadParameter(f"{shown(folder)} holds no {READ_WORDS} file")
    photos = (Photo(str(file), file.relative_to(folder).with_suffix(""), found=True) for file in sorted(files))
    return Found(tuple(photos), tuple(left))


def _reason(path: Path, recursive: bool, out: Path | None) -> str:
    """Why something in a folder is not worked on; empty when it is."""
    if out == path.absolute():
        return "where the results go"
    if path.is_dir():
        if not recursive:
            return "a folder, for which --recursive is expected"
        return "a link to a folder" if path.is_symlink() else ""
    if path.suffix.lower() not in READ:
        return f"not {READ_WORDS} by its name"
    if not path.is_file():
        return "a link that leads nowhere" if path.is_symlink() else "not a file"
    return "what macOS keeps beside a file" if _is_apple_double(path) else ""


def _is_apple_double(path: Path) -> bool:
    if not path.name.startswith("._"):
        return False
    with path.open("rb") as file:
        return file.read(len(APPLE_DOUBLE)) == APPLE_DOUBLE


def _group(left: LeftOut) -> tuple[Path, str]:
    return left.path.parent, left.reason
