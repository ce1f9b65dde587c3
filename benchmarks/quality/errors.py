"""Errors of a matte against the true one, each x1000 of full scale; lower is better."""

import numpy as np
from scipy import ndimage

from cutout.outcome import Alpha

SOFT = (0.02, 0.98)
BAND_PX = 4
SIGMA_PX = 1.4
"""Of the Gaussian derivatives of the gradient error, as in Rhemann et al., 2009."""


def errors(found: Alpha, true: Alpha) -> dict[str, float]:
    """MAE over the picture; SAD in thousands of pixels; gradient error; MAE in the band.

    The band is where the true alpha is between .02 and .98, widened by 4 px.
    """
    a, b = found / 255, true / 255
    off = np.abs(a - b)
    soft = ndimage.binary_dilation((b > SOFT[0]) & (b < SOFT[1]), np.ones((3, 3), bool), BAND_PX)
    slope = ndimage.gaussian_gradient_magnitude(a, SIGMA_PX) - ndimage.gaussian_gradient_magnitude(b, SIGMA_PX)
    return {
        "mae": 1000 * float(off.mean()),
        "sad": float(off.sum()) / 1000,
        "gradient": float((slope**2).sum()),
        "band": 1000 * float(off[soft].mean()) if soft.any() else 0.0,
    }
