"""Pictures whose alpha is known exactly."""

import numpy as np
from numpy.typing import NDArray

from cutout.pixels.types import Alpha, Rgb

SUBJECT, GROUND = np.array([210, 60, 40]), np.array([30, 70, 160])


def disc(size: int = 96, soft_px: float = 12, at: float = 0.5) -> Alpha:
    """A disc whose alpha falls from 255 to 0 within `soft_px`."""
    rows, columns = np.mgrid[:size, :size]
    far = np.hypot(rows - size * at, columns - size * at)
    matte: Alpha = np.round(255 * np.clip(0.5 - (far - size / 4) / soft_px, 0, 1)).astype(np.uint8)
    return matte


def shown(alpha: Alpha, subject: NDArray[np.int64] = SUBJECT, ground: NDArray[np.int64] = GROUND) -> Rgb:
    """A subject of one colour on a ground of another."""
    share = alpha[..., None] / 255
    return np.round(share * subject + (1 - share) * ground).astype(np.uint8)
