"""Which photographs a command is given, and where their results go."""

import glob
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from cutout_client.commands.options import Format

STREAM = "-"
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph that a command was given."""

    source: str
    """Its path, or `-` for standard input."""
    name: Path
    """Its own path within the folder that was given, without its suffix."""

    given: bytes | None = None
    """What standard input had."""

    def read(self) -> bytes:
        """The file's bytes; raises OSError when it cannot be read."""
        return Path(self.source).read_bytes() if self.given is None else self.given


def photographs(arguments: Sequence[str], recursive: bool) -> list[Photo]:
    """The photographs that arguments stand for, each once. One that is not there fails when it is read, alone.

    Raises:
        typer.BadParameter: a folder holds none.
    """
    found = [photo for argument in dict.fromkeys(arguments) for photo in _of(argument, recursive)]
    return list({photo.source: photo for photo in found}.values())


def _of(argument: str, recursive: bool) -> list[Photo]:
    path = Path(argument)
    if argument == STREAM:
        # Read here: a thread that waits for standard input could not be ended by Ctrl-C.
        return [Photo(STREAM, Path("stdin"), sys.stdin.buffer.read())]
    if path.is_dir():
        inside = sorted(path.rglob("*") if recursive else path.iterdir())
        files = [file for file in inside if file.suffix.lower() in SUFFIXES and file.is_file()]
        if not files:
            raise typer.BadParameter(f"{argument} holds no PNG, JPEG or WebP file")
        return [Photo(str(file), file.relative_to(path).with_suffix("")) for file in files]
    files = [path] if path.exists() else [Path(match) for match in sorted(glob.glob(argument, recursive=recursive))]
    return [Photo(str(file), Path(file.stem)) for file in files or [path]]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go: files in a folder, one file, or standard output."""

    folder: Path | None
    file: Path | None
    suffix: Format
    labelled: bool
    """Whether a file's name says which model made it."""

    @classmethod
    def of(cls, out: str | None, suffix: Format | None, photos: Sequence[Photo], labelled: bool) -> "Destination":
        """The place that `out` stands for.

        Raises:
            typer.BadParameter: none is given, or several results would go to one place.
        """
        single = len(photos) == 1 and not labelled
        if out is None and photos[0].source == STREAM:
            out = STREAM
        if out is None:
            raise typer.BadParameter("-o OUT is expected: a folder, a file, or - for standard output")
        path = Path(out)
        is_file = path.suffix.lower() in (".png", ".webp") and not path.is_dir()
        if (out == STREAM or is_file) and not single:
            raise typer.BadParameter(f"a folder is expected as OUT, not {out}: there may be several results")
        suffix = suffix or ("webp" if is_file and path.suffix.lower() == ".webp" else "png")
        if out == STREAM:
            return cls(None, None, suffix, labelled)
        return cls(None, path, suffix, labelled) if is_file else cls(path, None, suffix, labelled)

    def path(self, photo: Photo, label: str) -> Path | None:
        """Where a result goes; None: to standard output."""
        if self.folder is None:
            return self.file
        return self.folder / photo.name.with_name(
            photo.name.name + (f".{label}" if self.labelled else "") + f".{self.suffix}"
        )
