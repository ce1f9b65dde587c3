"""A score is made of agreement, sharpness and edges that are the picture's; each between 0 and 1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutout.pixels.mattes.descriptor import packed, sharpness, shrunk, unpacked
from cutout.pixels.mattes.edges import alignment, edges, strength
from cutout.pixels.mattes.measure import described, scores
from cutout.pixels.mattes.score import Score, best
from cutout.pixels.types import Alpha, Rgb
from tests.cutout.pixels.mattes.parts import SUBJECT, disc, shown


def edge_alignment(rgb: Rgb, alpha: Alpha) -> float:
    """Of a picture and a matte."""
    return alignment(strength(rgb), edges(alpha))


@pytest.mark.parametrize(("value", "sharp"), [(255, 1), (0, 0), (128, 1 - 4 * (1 - 128 / 255)), (230, 1 - 100 / 255)])
def test_sharpness_by_hand(value: int, sharp: float) -> None:
    """1 - 4(1 - a) for a matte of one alpha; never below 0."""
    assert sharpness(np.full((5, 7), value, np.uint8)) == pytest.approx(max(0, sharp))


def test_a_mattes_edges_are_the_pictures() -> None:
    """The true matte has its edges where the picture has; one that was moved has them where nothing is."""
    true = disc(soft_px=2)

    assert edge_alignment(shown(true), true) > 0.6
    assert edge_alignment(shown(true), disc(soft_px=2, at=0.3)) < 0.4


def test_a_faint_outline_aligns_as_well_as_a_strong_one() -> None:
    """However strong another edge of the picture is elsewhere; what counts is the neighbourhood."""
    true = disc(soft_px=2)
    strong = shown(true)
    faint = shown(true, ground=SUBJECT - 40)
    faint[:4, :4] = 255

    assert edge_alignment(faint, true) > 0.8 * edge_alignment(strong, true)


def test_without_edges_there_is_nothing_to_align() -> None:
    """Of a plain matte and of a plain picture it is 0."""
    true = disc()

    assert edge_alignment(shown(true), np.full_like(true, 255)) == 0
    assert edge_alignment(np.full((*true.shape, 3), 7, np.uint8), true) == 0


def test_the_true_matte_scores_best() -> None:
    """Against one that was moved and one that is half as sure, with the same scores each time."""
    true = disc(soft_px=2)
    mattes = {"true": true, "moved": disc(soft_px=2, at=0.6), "unsure": true // 2}

    scored = scores(shown(true), mattes, {})

    assert best(scored) == "true"
    assert scored == scores(shown(true), mattes, {})


def test_one_matte_is_scored_without_others() -> None:
    """The mean of what there is: sharpness, and alignment at half its weight."""
    alone = scores(shown(disc()), {"a": disc()}, {})["a"]

    assert alone.agreement is None
    assert alone.score == pytest.approx((alone.sharpness + alone.edge_alignment / 2) / 1.5)


def test_of_equals_the_first_by_name_is_best() -> None:
    """The order in which models answered decides nothing."""
    same = Score(0.5, 0.5, 0.5)

    assert best({"b": same, "a": same}) == best({"a": same, "b": same}) == "a"


@settings(max_examples=40)
@given(st.data())
def test_every_part_is_a_share(data: st.DataObject) -> None:
    """Whatever the picture, its size and the matte."""
    shape = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    rgb, alpha = data.draw(arrays(np.uint8, (*shape, 3))), data.draw(arrays(np.uint8, shape))

    found = scores(rgb, {"a": alpha}, {})["a"]

    assert 0 <= found.sharpness <= 1
    assert 0 <= found.edge_alignment <= 1 + 1e-9
    assert 0 <= found.score <= 1 + 1e-9


def test_a_descriptor_is_small_and_exact() -> None:
    """Of a large matte some kilobytes are kept, no side longer than 256 px, and they come back as they were."""
    large = disc(1600, soft_px=40)
    kept = described(shown(large), large)

    assert len(kept.matte) < 20_000
    assert unpacked(kept.matte).shape == (229, 229)
    np.testing.assert_array_equal(unpacked(packed(shrunk(large))), shrunk(large))
