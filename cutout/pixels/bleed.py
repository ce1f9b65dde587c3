"""Colours for what is transparent, from what is seen nearest: what a file says there is nobody's."""

import numpy as np
from numpy.typing import NDArray

TRUST = np.float32(0.05)
"""Weight of what is seen in the surroundings: so much alpha of a pixel's own counts as much."""

NONE = np.float32(1e-6)
"""Keeps what has no alpha at all from being divided by 0."""


def bled(counted: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """(C, H, W) straight colours of premultiplied ones and their alpha, (H, W), all in 0..1.

    The fainter a pixel, the more it takes from an average of its surroundings weighted by alpha: of two by two pixels
    first, then of ever more. Files that look the same give the same, whatever they hide.
    """
    return _straight(np.concatenate([counted, alpha[None]]))


def _straight(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = planes.shape[1:]
    if height * width == 1:
        even: NDArray[np.float32] = planes[:-1] / (planes[-1:] + NONE)
        return even
    padded = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)))
    rows = padded[:, 0::2] + padded[:, 1::2]
    around = _straight(rows[..., 0::2] + rows[..., 1::2])
    around = around.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    mixed: NDArray[np.float32] = (planes[:-1] + TRUST * around) / (planes[-1:] + TRUST)
    return mixed
