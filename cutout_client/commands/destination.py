"""Where a command writes its results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from cutout.pixels.endings import PICTURES, WRITTEN
from cutout.pixels.plain import OutputFormat
from cutout_client.commands.names import shown
from cutout_client.commands.photos import STREAM, Photo


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination of results: a folder, one file, or standard output."""

    folder: Path | None
    file: Path | None
    suffix: OutputFormat
    labelled: bool
    """Whether file names contain the model's id."""

    @classmethod
    def of(cls, out: str | None, suffix: OutputFormat | None, photos: Sequence[Photo], labelled: bool) -> "Destination":
        """The destination that `out` names.

        Raises:
            typer.BadParameter: there is none, it is one file for several results, or its format cannot be written.
        """
        if out is None and photos[0].source == STREAM:
            out = STREAM
        if out is None:
            raise typer.BadParameter("-o OUT expected: a folder, a file, or - for standard output")
        path = Path(out)
        form = None if out == STREAM or path.is_dir() else _format_of(path)
        if (out == STREAM or form) and (labelled or len(photos) > 1):
            raise typer.BadParameter(f"OUT: a folder expected, not {shown(out)}: there may be several results")
        if form and suffix not in (None, form):
            raise typer.BadParameter(f"--format {suffix} contradicts OUT, {shown(out)}")
        suffix = suffix or form or "png"
        if out == STREAM:
            return cls(None, None, suffix, labelled)
        return cls(None, path, suffix, labelled) if form else cls(path, None, suffix, labelled)

    def path(self, photo: Photo, label: str) -> Path | None:
        """The file of a result; None for standard output."""
        return self.file if self.folder is None else self.folder / self._name(photo, label, self.suffix)

    def others(self, photos: Sequence[Photo], labels: Sequence[str]) -> Iterator[Path]:
        """Files of the photographs' results, in this and other formats, except the photographs themselves."""
        suffixes = set(WRITTEN.values()) if self.labelled else {self.suffix}
        for photo in photos if self.folder else ():
            for name in (self._name(photo, label, suffix) for label in labels for suffix in suffixes):
                if self.folder and self.folder / name != Path(photo.source):
                    yield self.folder / name

    def _name(self, photo: Photo, label: str, suffix: str) -> Path:
        return photo.name.with_name(photo.name.name + (f".{label}" if self.labelled else "") + f".{suffix}")


def _format_of(path: Path) -> OutputFormat | None:
    """The format of an output file, by its suffix; None for a folder.

    Raises:
        typer.BadParameter: the suffix is that of a picture format which cannot be written.
    """
    ending = path.suffix.lower()
    form = WRITTEN.get(ending)
    if form is None and ending in PICTURES:
        raise typer.BadParameter(
            f"OUT: {ending} cannot be written; a folder, or a file ending in {', '.join(WRITTEN)}, expected"
        )
    return form
