"""Errors of a matte against the true one, each x1000 of full scale; lower is better."""

import numpy as np
from scipy import ndimage

from cutout.pixels.types import Alpha, Plane

SOFT = (0.02, 0.98)
BAND_PX = 4
SIGMA_PX = 1.4
"""Of the Gaussian derivatives of the gradient error, as in Rhemann et al., 2009."""


class Truth:
    """A true matte, (H, W) bytes, and what any other is compared with."""

    def __init__(self, alpha: Alpha) -> None:
        self._alpha, self._slope = _share(alpha), _slope(_share(alpha))
        soft = (self._alpha > SOFT[0]) & (self._alpha < SOFT[1])
        self._band = ndimage.binary_dilation(soft, np.ones((3, 3), bool), BAND_PX)

    def errors(self, found: Alpha) -> dict[str, float]:
        """MAE over the picture; SAD in thousands of pixels; gradient error; MAE in the band.

        The band is where the true alpha is between .02 and .98, widened by 4 px.
        """
        off = np.abs(_share(found) - self._alpha)
        return {
            "mae": 1000 * float(off.mean(dtype=np.float64)),
            "sad": float(off.sum(dtype=np.float64)) / 1000,
            "gradient": float(((_slope(_share(found)) - self._slope) ** 2).sum(dtype=np.float64)),
            "band": 1000 * float(off[self._band].mean(dtype=np.float64)) if self._band.any() else 0.0,
        }


def _share(alpha: Alpha) -> Plane:
    return (alpha / 255).astype(np.float32)


def _slope(share: Plane) -> Plane:
    slope: Plane = ndimage.gaussian_gradient_magnitude(share, SIGMA_PX)
    return slope
