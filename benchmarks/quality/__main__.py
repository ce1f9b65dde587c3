"""`make quality`: `python -m benchmarks.quality [PHOTOS] [--illustrations TARBALL]`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.quality.compare import judged, ways
from benchmarks.quality.mattes import cpu_s, mattes
from benchmarks.quality.page import write
from benchmarks.quality.samples import composites, illustrations, photographs, published


def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photographs with `.alpha.png` beside each.")],
    illustrated: Annotated[
        Path | None, typer.Option("--illustrations", help="What `npm pack @lobehub/fluent-emoji-3d@1.1.0` wrote.")
    ] = None,
    into: Annotated[Path, typer.Option(help="Folder of the page.")] = Path("docs"),
) -> None:
    """Measure, and write quality.md and quality.png."""
    found = photographs(photos)
    if not found:
        raise typer.BadParameter(f"no photographs with mattes in {photos}: `<class>-<n>.jpg` and `.alpha.png` expected")
    samples = [*found, *composites(found), *(illustrations(illustrated) if illustrated else [])]
    looks = published()
    made = mattes({sample.name: sample.rgb for sample in samples} | looks)
    judgements = [judged(sample, made[sample.name]) for sample in samples]
    shown = [ways(rgb, made[name]) for name, rgb in looks.items()]
    write(judgements, shown, cpu_s(next(iter(looks.values()))), into)


if __name__ == "__main__":
    typer.run(main)
