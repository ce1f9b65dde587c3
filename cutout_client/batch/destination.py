"""Where a command writes its results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from cutout.pixels.endings import PICTURES, WRITTEN
from cutout.pixels.plain import OutputFormat
from cutout_client.batch.names import shown
from cutout_client.batch.photos import STREAM, Photo

ENDINGS = {ending.removeprefix("."): form for ending, form in WRITTEN.items()}
"""Formats by the ending of a file's name; `jpg` and `jpeg` are the same one."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination of results: a folder, one file, or standard output."""

    folder: Path | None
    file: Path | None
    ending: str
    """Of the results' names, one of ENDINGS."""
    labelled: bool
    """Whether file names contain the model's id."""

    @classmethod
    def of(cls, out: str | None, ending: str | None, photos: Sequence[Photo], labelled: bool) -> "Destination":
        """The destination that `out` names; no photographs mean that any number will come.

        Raises:
            typer.BadParameter: there is none, it is one file for several results, or its format cannot be written.
        """
        if out is None and photos and photos[0].source == STREAM:
            out = STREAM
        if out is None:
            raise typer.BadParameter("-o OUT expected: a folder, a file, or - for standard output")
        path = Path(out)
        own = None if out == STREAM or path.is_dir() else _ending_of(path)
        if (out == STREAM or own) and (labelled or len(photos) != 1):
            raise typer.BadParameter(f"OUT: a folder expected, not {shown(out)}: there may be several results")
        if own and ending and ENDINGS[ending] != ENDINGS[own]:
            raise typer.BadParameter(f"--format {ending} contradicts OUT, {shown(out)}")
        ending = own or ending or "png"
        if out == STREAM:
            return cls(None, None, ending, labelled)
        return cls(None, path, ending, labelled) if own else cls(path, None, ending, labelled)

    @property
    def format(self) -> OutputFormat:
        """The format of the results."""
        return ENDINGS[self.ending]

    def path(self, photo: Photo, label: str) -> Path | None:
        """The file of a result; None for standard output."""
        return self.file if self.folder is None else self.folder / self._name(photo, label, self.ending)

    def others(self, photos: Sequence[Photo], labels: Sequence[str]) -> Iterator[Path]:
        """Files of the photographs' results, in this and other formats, except the photographs themselves."""
        endings = set(ENDINGS) if self.labelled else {self.ending}
        for photo in photos if self.folder else ():
            for name in (self._name(photo, label, ending) for label in labels for ending in endings):
                if self.folder and self.folder / name != Path(photo.source):
                    yield self.folder / name

    def _name(self, photo: Photo, label: str, ending: str) -> Path:
        return photo.name.with_name(photo.name.name + (f".{label}" if self.labelled else "") + f".{ending}")


def _ending_of(path: Path) -> str | None:
    """The ending of an output file's name; None for a folder.

    Raises:
        typer.BadParameter: it is that of a picture format which cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in WRITTEN and ending in PICTURES:
        raise typer.BadParameter(
            f"OUT: {ending} cannot be written; a folder, or a file ending in {', '.join(WRITTEN)}, expected"
        )
    return ending.removeprefix(".") if ending in WRITTEN else None
