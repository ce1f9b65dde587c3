"""A matte's band is solved against the picture; what is sure stays, and any size is taken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cutout.pixels.mattes import laplacian, refine
from cutout.pixels.mattes.laplacian import solved
from cutout.pixels.mattes.refine import LEVELS, refined
from cutout.pixels.types import Alpha
from tests.cutout.pixels.mattes.parts import disc, shown


def blurred(alpha: Alpha, by: int = 8) -> Alpha:
    """As a network of few pixels sees it."""
    small = Image.fromarray(alpha).resize((alpha.shape[1] // by, alpha.shape[0] // by), Image.Resampling.BOX)
    return np.asarray(small.resize(alpha.shape[::-1], Image.Resampling.BICUBIC))


def test_the_exact_alpha_is_found_between_two_plain_colours() -> None:
    """Alpha is affine in colour there, so that the Laplacian alone gives it, from a prior of which nothing is right."""
    true = disc(soft_px=6).astype(np.float32) / 255
    soft = (true > 0) & (true < 1)
    subject, ground = np.array([0.8, 0.2, 0.1]), 0.4
    rgb = (true[..., None] * subject + (1 - true[..., None]) * ground).astype(np.float32)

    found = solved(rgb, np.where(soft, 0.5, true).astype(np.float32), soft, 1e-6)

    assert np.abs(found - true).max() < 0.01


def test_a_prior_that_is_far_off_is_overruled() -> None:
    """Of a band that says nothing, less than a fifth of the error is left, prior and all."""
    true = disc()
    off = np.where((true > 10) & (true < 245), 128, true).astype(np.uint8)

    found = refined(shown(true), off)

    assert np.abs(found.astype(int) - true).mean() < np.abs(off.astype(int) - true).mean() / 5


def test_a_coarse_matte_comes_near_the_truth() -> None:
    """What a network of few pixels blurs is put right: less than a third of its error is left."""
    true = disc(soft_px=2)
    coarse = blurred(true)

    found = refined(shown(true), coarse)

    assert np.abs(found.astype(int) - true).mean() < np.abs(coarse.astype(int) - true).mean() / 3


@pytest.mark.parametrize(("blur_px", "full"), [(2, True), (16, False)])
def test_a_thin_band_is_solved_at_full_size_and_a_thick_one_at_less(
    monkeypatch: pytest.MonkeyPatch, blur_px: int, full: bool
) -> None:
    """By the matte's own thickness: a fine matte loses its detail at half the size, a coarse one follows texture."""
    asked: list[tuple[int, ...]] = []

    def watched(rgb: np.ndarray, prior: np.ndarray, unknown: np.ndarray, weight: float) -> np.ndarray:
        asked.append(unknown.shape)
        return solved(rgb, prior, unknown, weight)

    monkeypatch.setattr(refine, "solved", watched)
    monkeypatch.setattr(refine, "COARSE_PX", 5_000)
    true = disc(size=96, soft_px=blur_px)

    refined(shown(true), true)

    assert (asked == [true.shape]) is full


def test_without_convergence_the_matte_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that was stopped on its way has shown nothing."""
    monkeypatch.setattr(laplacian, "MOST_STEPS", 1)
    true = disc(soft_px=2)
    coarse = blurred(true)

    assert (refined(shown(true), coarse) == LEVELS[coarse]).all()


def test_far_from_the_band_nothing_changes() -> None:
    """A sure pixel beyond the band's margin keeps its alpha to the last bit."""
    true = disc()
    found = refined(shown(true), blurred(true))
    rows, columns = np.mgrid[: len(true), : len(true)]
    far = np.hypot(rows - 48, columns - 48)

    assert (found[far < 4] == 255).all()
    assert (found[far > 46] == 0).all()


def test_what_is_nearly_sure_is_sure() -> None:
    """Traces in the ground and gaps in the subject go, and what is soft between them stays in its order."""
    nearly = np.where(disc() > 127, 251, 4).astype(np.uint8)

    assert set(np.unique(refined(shown(disc()), nearly))) == {0, 255}
    assert LEVELS[128] == 128
    assert (np.diff(LEVELS.astype(int)) >= 0).all()


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (40, 40)])
def test_a_matte_without_a_band_comes_back(shape: tuple[int, int], value: int) -> None:
    """Empty and full mattes have nothing to be solved, at any size."""
    matte = np.full(shape, value, np.uint8)

    assert (refined(np.zeros((*shape, 3), np.uint8), matte) == matte).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (3, 2)])
def test_any_size_is_solved(shape: tuple[int, int]) -> None:
    """On a picture of one colour nothing can be seen: the matte stays, give or take two bytes."""
    found = refined(np.full((*shape, 3), 90, np.uint8), np.full(shape, 100, np.uint8))

    assert found.shape == shape
    assert (np.abs(found.astype(int) - 100) <= 2).all()


def test_a_large_band_is_solved_in_a_smaller_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the picture nor its band is solved at more pixels than the module says."""
    asked: list[tuple[int, int]] = []

    def watched(rgb: np.ndarray, prior: np.ndarray, unknown: np.ndarray, weight: float) -> np.ndarray:
        asked.append((unknown.size, int(np.count_nonzero(unknown))))
        return solved(rgb, prior, unknown, weight)

    monkeypatch.setattr(refine, "solved", watched)
    monkeypatch.setattr(refine, "WORK_PX", 5_000)
    monkeypatch.setattr(refine, "BAND_PX", 1_000)

    found = refined(np.full((120, 160, 3), 9, np.uint8), np.full((120, 160), 128, np.uint8))

    assert found.shape == (120, 160)
    assert len(asked) == 1
    assert asked[0][0] <= 5_000
    assert asked[0][1] <= 1_000


@settings(max_examples=30)
@given(st.data())
def test_noise_is_taken_and_gives_the_same_twice(data: st.DataObject) -> None:
    """Any picture with any matte gives a matte of its size, twice the same, and leaves its inputs as they were."""
    height, width = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
    rgb = data.draw(arrays(np.uint8, (height, width, 3)))
    alpha = data.draw(arrays(np.uint8, (height, width)))
    before = alpha.copy()

    once, twice = refined(rgb, alpha), refined(rgb, alpha)

    assert once.shape == alpha.shape
    assert once.dtype == np.uint8
    assert (once == twice).all()
    assert (alpha == before).all()
