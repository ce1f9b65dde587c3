"""The closed-form matting Laplacian of Levin, Lischinski and Weiss (2008), for the pixels that are not known.

Within any 3x3 pixels, alpha is taken to be an affine function of colour, a = c . I + d. What is left of alpha when the
best c and d of each window are taken is a quadratic form, a' L a, with L the sum over windows of

    delta_ij - (1 + (I_i - m)' (S + (eps / 9) 1)^-1 (I_j - m)) / 9        m, S: mean and covariance of the window

With some alphas known, and the others held near a prior p by a weight w, the least of a' L a + w |a - p|^2 is a sparse
symmetric positive definite system in the unknown ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import cg

EPSILON = 1e-7
"""Levin's own regularisation of a window's covariance, of colours in 0..1."""
TOLERANCE = 1e-3
"""Of the residual, relative to the right-hand side: well below what a byte of alpha can show."""
MOST_STEPS = 300
"""Of conjugate gradients, several times what photographs take; what has not converged by then is left as it was."""

Plane = NDArray[np.float32]
"""(H, W)."""
_SIDE = np.arange(-1, 2)


@dataclass(frozen=True, slots=True)
class _Windows:
    """Every 3x3 pixels that hold an unknown one; beyond the border its pixels are repeated."""

    pixels: NDArray[np.intp]
    """(n, 9) places in the flattened picture."""
    weights: NDArray[np.float64]
    """(n, 9, 9): each window's part of L."""


def solved(rgb: NDArray[np.float32], prior: Plane, unknown: NDArray[np.bool_], weight: float) -> Plane:
    """Alpha of the unknown pixels from the picture, the known ones and the prior; `prior` itself where it is known.

    `rgb` is (H, W, 3) in 0..1; `prior` is (H, W) in 0..1; `unknown` is (H, W); `weight` is above 0. All sizes from
    1x1. The result is (H, W) in 0..1; where the solver does not converge, it is the prior. Deterministic.
    """
    places = np.flatnonzero(unknown)
    if not places.size:
        return prior.copy()
    windows = _windows(rgb, unknown)
    index = np.full(unknown.size, -1)
    index[places] = np.arange(places.size)
    of_unknown = index[windows.pixels]
    start = prior.ravel()[places].astype(np.float64)
    known = np.where(of_unknown < 0, prior.ravel()[windows.pixels], 0)
    pull = np.einsum("nij,nj->ni", windows.weights, known)[of_unknown >= 0]
    right = weight * start - np.bincount(of_unknown[of_unknown >= 0], pull, places.size)
    matrix = _matrix(of_unknown, windows.weights, places.size) + weight * sparse.identity(places.size, format="csr")
    precondition = sparse.diags(1 / matrix.diagonal())
    alpha, failed = cg(matrix, right, start, rtol=TOLERANCE, maxiter=MOST_STEPS, M=precondition)
    result = prior.copy()
    if not failed:
        result.ravel()[places] = np.clip(alpha, 0, 1)
    return result


def _matrix(index: NDArray[np.intp], weights: NDArray[np.float64], size: int) -> "sparse.csr_matrix":
    rows = np.broadcast_to(index[:, :, None], weights.shape)
    columns = np.broadcast_to(index[:, None, :], weights.shape)
    both = (rows >= 0) & (columns >= 0)
    entries = sparse.coo_matrix((weights[both], (rows[both], columns[both])), shape=(size, size))
    return entries.tocsr()


def _windows(rgb: NDArray[np.float32], unknown: NDArray[np.bool_]) -> _Windows:
    height, width = unknown.shape
    rows, columns = np.nonzero(ndimage.binary_dilation(unknown, np.ones((3, 3), bool)))
    near_rows = np.clip(rows[:, None] + _SIDE, 0, height - 1)
    near_columns = np.clip(columns[:, None] + _SIDE, 0, width - 1)
    pixels = (near_rows[:, :, None] * width + near_columns[:, None, :]).reshape(-1, 9)
    colours = rgb.reshape(-1, 3)[pixels].astype(np.float64)
    colours -= colours.mean(axis=1, keepdims=True)
    turned = colours.transpose(0, 2, 1)
    inverse = np.linalg.inv(turned @ colours / 9 + EPSILON / 9 * np.eye(3))
    return _Windows(pixels, np.eye(9) - (1 + colours @ inverse @ turned) / 9)
