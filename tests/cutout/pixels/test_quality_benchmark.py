"""The short form of `make quality`, on made pictures and mattes."""

from pathlib import Path

import numpy as np

from benchmarks.quality.compare import FUSED, TRUTH, judged
from benchmarks.quality.errors import errors
from benchmarks.quality.page import write
from benchmarks.quality.samples import Sample, composites
from tests.cutout.pixels.parts import disc, shown


def test_errors_by_hand() -> None:
    """A matte is right about itself; one of no subject is off by the true alpha's mean."""
    true = disc()

    assert errors(true, true) == {"mae": 0, "sad": 0, "gradient": 0, "band": 0}
    assert np.isclose(errors(np.zeros_like(true), true)["mae"], 1000 * true.mean() / 255)


def test_the_page_shows_that_combining_helps(tmp_path: Path) -> None:
    """Two mattes that err apart are better combined than the best of them, and the page has every class."""
    photos = [Sample(f"disc-{n}", "disc", f"disc-{n}", shown(disc(soft_px=2)), disc(soft_px=2)) for n in range(2)]
    made = {"a": disc(soft_px=14), "b": disc(soft_px=10, at=0.51)}
    found = [judged(sample, made) for sample in [*photos, *composites(photos)]]

    write(found, tmp_path)

    assert all(one.errors[FUSED]["mae"] < one.errors[TRUTH]["mae"] for one in found)
    page = (tmp_path / "quality.md").read_text()
    assert all(f"## {kind}: 2 pictures" in page for kind in ("disc", "sharp", "blurred"))
    assert (tmp_path / "quality.png").stat().st_size
