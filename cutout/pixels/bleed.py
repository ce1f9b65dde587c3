"""Colours for transparent pixels, taken from the nearest visible ones: a file's own are arbitrary there."""

import numpy as np
from numpy.typing import NDArray

TRUST = np.float32(0.05)
"""Weight of the surroundings, in units of a pixel's own alpha."""

NONE = np.float32(1e-6)
"""Avoids a division by 0 where there is no alpha."""


def bled(counted: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """(C, H, W) straight colours of premultiplied colours and their alpha, (H, W), all in 0..1.

    The fainter a pixel, the more it takes from the alpha-weighted average of its surroundings: of 2 x 2 pixels first,
    then of ever larger squares. The hidden colours of the file have no influence.
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
