"""What is made of each picture of a catalogue: by which models, and which files."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cutout.cascade import in_order, next_step
from cutout.errors import ResolutionTooHigh, ValidationError
from cutout.jobs import Output
from cutout.models.registry import Registry
from cutout.models.selection import ModelSelection
from cutout.models.spec import ModelSpec
from cutout.pixels.encoding.encode import check_sides
from cutout.pixels.finish import Finish
from cutout.pixels.plain import Size
from cutout.pixels.resizing.method import check_method
from deployments.catalogue.entries import Entry

UNSAFE = re.compile(r"[/\\\x00-\x1f]")
"""What the value of a column must not bring into a path."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One file that is made of each picture's cutout."""

    asked: str
    """As it was asked for: its name's pattern and its finish."""
    pattern: str
    """Its path within OUT, such as `white/{sku}.jpg`: `{stem}`, `{name}` or the name of a column in braces."""
    output: Output

    def path(self, entry: Entry) -> str:
        """The path of a picture's file.

        Raises:
            ValidationError: a column that its table does not have, or a path that is not within OUT.
        """
        columns = {name: UNSAFE.sub("_", value) for name, value in entry.columns.items()}
        values = {"stem": entry.stem, "name": entry.name, **columns}
        try:
            path = self.pattern.format_map(values)
        except (KeyError, ValueError, IndexError, AttributeError) as wrong:
            known = ", ".join(f"{{{name}}}" for name in values)
            raise ValidationError(f"{self.pattern}: {known} expected in braces") from wrong
        parts = PurePosixPath(path).parts
        if path.startswith("/") or any(part.startswith(".") for part in parts):
            raise ValidationError(
                f"{self.pattern}: a name within OUT, not hidden, expected for {entry.address}, not {path}"
            )
        return path


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the pictures of a catalogue have in common."""

    out: str
    """Address of the results' place."""
    registry: Registry
    selection: ModelSelection
    renditions: tuple[Rendition, ...]
    compiled: Path
    """Folder for compiled models, on each machine."""

    @property
    def id(self) -> str:
        """Names the catalogue in the ledger of money."""
        return hashlib.sha256(self.out.encode()).hexdigest()[:16]

    @property
    def recipe(self) -> str:
        """A digest of what is made of each picture; with another one, all are done again."""
        asked = (*sorted(self.selection.asked), *(one.asked for one in self.renditions))
        return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]

    @property
    def detailed(self) -> tuple[Rendition, ...]:
        """The files that are enlarged by `method: detail`."""
        return tuple(one for one in self.renditions if one.output.factor and one.output.method == "detail")

    def check_size(self, size: Size) -> None:
        """Refuse a picture of which a file could not be made.

        Raises:
            ResolutionTooHigh: a file would be too large.
            ValidationError: the picture is too small for a print.
        """
        limits = self.registry.service.limits
        most_px = limits.output_whole_px
        for rendition in self.renditions:
            factor, finish = rendition.output.factor or 1, rendition.output.finish or Finish()
            if rendition.output.factor:
                check_method(size, factor, rendition.output.method, limits)
            larger = size.times(factor)
            for made in (larger, finish.largest(larger)):
                if made.width * made.height > most_px:
                    shown = f"{made.width}x{made.height}"
                    message = f"{rendition.pattern} would have {shown} pixels; at most {most_px} are made"
                    raise ResolutionTooHigh(message)
            finish.check_resolution(larger)  # what a crop shows has no more pixels an inch
            check_sides(finish.largest(larger), rendition.output.format)

    @property
    def specs(self) -> tuple[ModelSpec, ...]:
        """The models, in the order in which pictures pass them; of `auto` those first that it asks first."""
        specs = [self.registry.models[name] for name in self.selection.models]
        if not self.selection.is_auto:
            return tuple(specs)
        ordered = in_order(specs)
        first = next_step(ordered, (), None, self.registry.service.quality).models
        return tuple(sorted(ordered, key=lambda spec: spec.id not in first))


def check_names(renditions: Iterable[Rendition], found: Iterable[Entry]) -> None:
    """Check that every file of a catalogue has a name of its own.

    Raises:
        ValidationError: two have the same, or a name cannot be made.
    """
    taken: dict[str, str] = {}
    patterns = tuple(renditions)
    for entry in found:
        for rendition in patterns:
            path = rendition.path(entry)
            if path in taken:
                whose = f"{taken[path]} and of {entry.address}"
                message = f"{rendition.pattern}: {path} would be the result of {whose}; {{name}} has the ending too"
                raise ValidationError(message)
            taken[path] = entry.address
