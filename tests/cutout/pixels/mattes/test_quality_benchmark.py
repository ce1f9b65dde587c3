"""The short form of `make quality`, on made pictures and mattes."""

from pathlib import Path

import numpy as np

from benchmarks.quality.compare import FUSED, TRUTH, cascade_cpu, judged, ways
from benchmarks.quality.errors import Truth
from benchmarks.quality.page import write
from benchmarks.quality.samples import Sample, composites
from tests.cutout.pixels.mattes.parts import GROUND, disc, shown


def test_errors_by_hand() -> None:
    """A matte is right about itself; one of no subject is off by the true alpha's mean."""
    true = disc()

    assert Truth(true).errors(true) == {"mae": 0, "sad": 0, "gradient": 0, "band": 0}
    assert np.isclose(Truth(true).errors(np.zeros_like(true))["mae"], 1000 * true.mean() / 255)


def photos() -> list[Sample]:
    """Twice a disc, on a textured ground and on a plain one, each with an empty part that grounds are taken from."""
    true = disc(soft_px=2, at=0.3)
    texture = 40 * (np.indices(true.shape)[0] // 6 % 2)[..., None] + GROUND  # in focus, even enlarged
    grounds = {"textured": texture, "plain": GROUND}
    return [Sample(name, "disc", name, shown(true, ground=ground), true) for name, ground in grounds.items()]


def test_composites_are_exact_and_named_by_their_ground() -> None:
    """Each subject on the other's ground, in focus or not as that is, with the subject's own alpha."""
    made = {sample.name: sample for sample in composites(photos())}

    assert {name: sample.kind for name, sample in made.items()} == {
        "textured-on-plain": "blurred",
        "plain-on-textured": "sharp",
    }
    assert all((sample.alpha == disc(soft_px=2, at=0.3)).all() for sample in made.values())
    assert np.abs(made["textured-on-plain"].rgb[80, 80] - GROUND).max() <= 1


def test_a_cascade_stops_where_two_families_agree() -> None:
    """The second of a family is asked only where the first and another family's see different things."""
    sample = photos()[1]
    small, large, other = "local_u2netp", "local_u2net", "local_isnet"
    agreed = judged(sample, {small: sample.alpha, large: disc(at=0.6), other: sample.alpha})
    apart = judged(sample, {small: disc(at=0.6), large: sample.alpha, other: sample.alpha})

    assert list(agreed.early) == [small, other]
    assert list(apart.early) == [small, large, other]
    assert cascade_cpu([agreed, apart], {small: 1, large: 2, other: 7}) == (8 + 10) / 20


def test_the_page_shows_that_combining_helps(tmp_path: Path) -> None:
    """Two mattes that err apart are better combined than the best of them, and the page has every class."""
    made = {"a": disc(soft_px=14, at=0.3), "b": disc(soft_px=10, at=0.31)}
    found = [judged(sample, made) for sample in [*photos(), *composites(photos())]]

    write(found, [ways(found[0].sample.rgb, made)], {"a": 1, "b": 2}, tmp_path)

    assert all(one.errors[FUSED]["mae"] < one.errors[TRUTH]["mae"] for one in found)
    page = (tmp_path / "quality.md").read_text()
    assert all(f"## {kind}: {count} picture" in page for kind, count in (("disc", 2), ("sharp", 1), ("blurred", 1)))
    assert (tmp_path / "quality.png").stat().st_size
