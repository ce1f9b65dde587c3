"""Mattes near the best in score are combined, each where it is the best; the rest is left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutout.pixels.mattes.fuse import fused, kept
from cutout.pixels.mattes.measure import scores
from cutout.pixels.mattes.refine import refined
from cutout.pixels.mattes.score import Score
from tests.cutout.pixels.mattes.parts import disc, shown

GOOD = Score(0.9, 0.9, 0.6)


def test_mattes_far_below_the_best_are_left_out() -> None:
    """Kept are the best, and those near it, by falling score and then by name."""
    scored = {name: Score(one, one, one) for name, one in {"z": 0.8, "low": 0.7, "best": 0.9, "a": 0.8}.items()}

    assert kept(scored) == ("best", "a", "z")


def test_two_overrule_the_best_where_they_agree() -> None:
    """A hole that only the best matte has is closed, and a speck that only one of the others has is not taken."""
    true = disc(soft_px=1)
    holed, specked = true.copy(), true.copy()
    holed[46:50, 46:50] = 0
    specked[4:8, 4:8] = 255
    mattes = {"best": holed, "near": true, "far": specked}
    scored = {"best": Score(0.9, 0.9, 0.9), "near": Score(0.89, 0.89, 0.89), "far": Score(0.885, 0.885, 0.885)}

    found = fused(shown(true), mattes, scored).alpha

    assert (found[46:50, 46:50] == 255).all()
    assert (found[4:8, 4:8] == 0).all()


def test_each_matte_counts_where_its_edges_are_the_pictures() -> None:
    """Of one right about the left half and one about the right half, each is taken there."""
    rows, columns = np.mgrid[:240, :240]
    true = np.where(np.hypot(rows - 120, columns - 120) < 70, 255, 0).astype(np.uint8)
    wide = np.where(np.hypot(rows - 120, columns - 120) < 84, 255, 0).astype(np.uint8)
    left = np.arange(240) < 120
    mattes = {"left": np.where(left, true, wide), "right": np.where(left, wide, true)}

    found = fused(shown(true), mattes, {"left": GOOD, "right": GOOD}).alpha

    off = np.abs(found.astype(int) - true).mean()
    assert all(off < np.abs(matte.astype(int) - true).mean() / 4 for matte in mattes.values())


def test_identical_mattes_are_one_refined() -> None:
    """Three times the same is that one, refined: nothing is added by counting."""
    true = disc()
    rgb, mattes = shown(true), {"a": true, "b": true, "c": true}

    assert (fused(rgb, mattes, scores(rgb, mattes, {})).alpha == refined(rgb, true)).all()


def test_one_model_is_refined_alone() -> None:
    """With one matte there is nothing to combine, and the result says whose it is."""
    rgb, mattes = shown(disc()), {"a": disc()}
    found = fused(rgb, mattes, scores(rgb, mattes, {}))

    assert found.sources == ("a",)
    assert (found.alpha == refined(rgb, disc())).all()


def test_where_two_disagree_the_picture_decides() -> None:
    """Of a smaller and a larger subject, the picture shows which; less than two thirds of either's error is left."""
    true = disc(soft_px=2)
    rows, columns = np.mgrid[:96, :96]
    far = np.hypot(rows - 48, columns - 48)
    soft = {name: np.clip(0.5 - (far - radius) / 8, 0, 1) for name, radius in (("small", 23), ("large", 25))}
    mattes = {name: np.round(255 * share).astype(np.uint8) for name, share in soft.items()}
    found = fused(shown(true), mattes, {"small": GOOD, "large": GOOD})

    assert set(found.sources) == {"small", "large"}
    off = np.abs(found.alpha.astype(int) - true).mean()
    assert all(off < np.abs(matte.astype(int) - true).mean() * 2 / 3 for matte in mattes.values())


@pytest.mark.parametrize("value", [0, 255])
def test_empty_and_full_stay(value: int) -> None:
    """Where all agree that there is nothing, or nothing else, so does the result."""
    matte = np.full((20, 30), value, np.uint8)
    rgb, mattes = np.zeros((20, 30, 3), np.uint8), {"a": matte, "b": matte}

    assert (fused(rgb, mattes, scores(rgb, mattes, {})).alpha == matte).all()


@settings(max_examples=30)
@given(st.data())
def test_the_order_of_mattes_decides_nothing(data: st.DataObject) -> None:
    """Any mattes of any size give one of that size, the same in any order of answers."""
    shape = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    rgb = data.draw(arrays(np.uint8, (*shape, 3)))
    mattes = {name: data.draw(arrays(np.uint8, shape)) for name in "abc"}
    turned = dict(reversed(mattes.items()))
    one, other = (fused(rgb, some, scores(rgb, some, {})) for some in (mattes, turned))

    assert one.alpha.shape == shape
    assert one.sources == other.sources
    assert (one.alpha == other.alpha).all()
