"""Small cutouts and mattes for Hypothesis, by a seed each: to draw every value takes it longer than what is tested."""

import numpy as np
from hypothesis import strategies as st

from cutout.pixels.types import Alpha, Rgba

SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.sampled_from([0, 0.02, 0.5, 1])
"""Of a matte, what is seen."""


def sides(most: int) -> st.SearchStrategy[tuple[int, int]]:
    """Height and width, up to `most` each."""
    return st.tuples(st.integers(1, most), st.integers(1, most))


def alphas(most: int = 30) -> st.SearchStrategy[Alpha]:
    """(H, W), of squares of one value each, a third of which are opaque."""
    return st.builds(_alpha, sides(most), SEEDS, SHARES, st.integers(1, 8))


def cutouts(most: int = 24) -> st.SearchStrategy[Rgba]:
    """(H, W, 4), of any colours, also where nothing is seen."""
    return st.builds(_under, alphas(most), SEEDS)


def _alpha(shape: tuple[int, int], seed: int, share: float, square_px: int) -> Alpha:
    rng, coarse = np.random.default_rng(seed), tuple(-(-side // square_px) for side in shape)
    values = np.where(rng.random(coarse) < share, np.minimum(rng.integers(0, 384, coarse), 255), 0).astype(np.uint8)
    return values.repeat(square_px, 0).repeat(square_px, 1)[: shape[0], : shape[1]].copy()


def _under(alpha: Alpha, seed: int) -> Rgba:
    rgb = np.random.default_rng(seed).integers(0, 256, (*alpha.shape, 3), np.uint8)
    return np.dstack([rgb, alpha])
