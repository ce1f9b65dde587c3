"""Where a command's results go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from cutout.pixels.endings import PICTURES, WRITTEN
from cutout.pixels.types import OutputFormat
from cutout_client.commands.names import shown
from cutout_client.commands.photos import STREAM, Photo


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go: files in a folder, one file, or standard output."""

    folder: Path | None
    file: Path | None
    suffix: OutputFormat
    labelled: bool
    """Whether a file's name says which model made it."""

    @classmethod
    def of(cls, out: str | None, suffix: OutputFormat | None, photos: Sequence[Photo], labelled: bool) -> "Destination":
        """The place that `out` stands for.

        Raises:
            typer.BadParameter: none is given, several results would go to one place, or it is no format of ours.
        """
        if out is None and photos[0].source == STREAM:
            out = STREAM
        if out is None:
            raise typer.BadParameter("-o OUT is expected: a folder, a file, or - for standard output")
        path = Path(out)
        form = None if out == STREAM or path.is_dir() else _format_of(path)
        if (out == STREAM or form) and (labelled or len(photos) > 1):
            raise typer.BadParameter(f"a folder is expected as OUT, not {shown(out)}: there may be several results")
        if form and suffix not in (None, form):
            raise typer.BadParameter(f"--format {suffix} does not go with OUT, {shown(out)}")
        suffix = suffix or form or "png"
        if out == STREAM:
            return cls(None, None, suffix, labelled)
        return cls(None, path, suffix, labelled) if form else cls(path, None, suffix, labelled)

    def path(self, photo: Photo, label: str) -> Path | None:
        """Where a result goes; None: to standard output."""
        return self.file if self.folder is None else self.folder / self._name(photo, label, self.suffix)

    def others(self, photos: Sequence[Photo], labels: Sequence[str]) -> Iterator[Path]:
        """Where photographs' results go, or went in another format; a photograph's own place is none of them."""
        suffixes = set(WRITTEN.values()) if self.labelled else {self.suffix}
        for photo in photos if self.folder else ():
            for name in (self._name(photo, label, suffix) for label in labels for suffix in suffixes):
                if self.folder and self.folder / name != Path(photo.source):
                    yield self.folder / name

    def _name(self, photo: Photo, label: str, suffix: str) -> Path:
        return photo.name.with_name(photo.name.name + (f".{label}" if self.labelled else "") + f".{suffix}")


def _format_of(path: Path) -> OutputFormat | None:
    """The format of a file that is to be written; None of a folder.

    Raises:
        typer.BadParameter: its name is that of a picture which is not written.
    """
    ending = path.suffix.lower()
    form = WRITTEN.get(ending)
    if form is None and ending in PICTURES:
        raise typer.BadParameter(
            f"{ending} is not written: a name that ends in {', '.join(WRITTEN)} is expected as OUT, or a folder's"
        )
    return form
