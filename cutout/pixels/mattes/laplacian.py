"""The closed-form matting Laplacian of Levin, Lischinski and Weiss (2008), for the pixels that are not known.

Within any 3x3 pixels, alpha is taken to be an affine function of colour, a = c . I + d. What is left of alpha when the
best c and d of each window are taken is a quadratic form, a' L a, with L the sum over windows of

    delta_ij - (1 + (I_i - m)' (S + (eps / 9) 1)^-1 (I_j - m)) / 9        m, S: mean and covariance of the window

With some alphas known, and the others held near a prior p by a weight w, the least of a' L a + w |a - p|^2 is a sparse
symmetric positive definite system in the unknown ones.
"""

from itertools import combinations_with_replacement

import numpy as np
import scipy
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cutout.pixels.types import Plane

EPSILON = 1e-7
"""Levin's own regularisation of a window's covariance, of colours in 0..1."""
TOLERANCE = 1e-3
"""Of the residual, relative to the right-hand side: well below what a byte of alpha can show."""
MOST_STEPS = 300
"""Of conjugate gradients, several times what photographs take; what has not converged by then is left as it was."""

threadpool_limits(1, "blas")  # products of vectors this short take several times longer on several threads

Places = NDArray[np.intp]
"""(n,) in a flattened picture."""
Numbers = NDArray[np.float64]


def solved(rgb: NDArray[np.float32], prior: Plane, unknown: NDArray[np.bool_], weight: float) -> Plane:
    """Alpha of the unknown pixels from the picture, the known ones and the prior; `prior` itself where it is known.

    `rgb` is (H, W, 3) in 0..1; `prior` is (H, W) in 0..1; `unknown` is (H, W); `weight` is above 0. All sizes from
    1x1. The result is (H, W) in 0..1; where the solver does not converge, it is the prior. Deterministic.
    """
    if not unknown.any():
        return prior.copy()
    field, values = np.pad(unknown, 2), np.pad(prior, 2).ravel().astype(np.float64)
    places = np.flatnonzero(field)
    rows, near = _rows(rgb, field, places), places[:, None] + _offsets(2, field.shape[1])
    rows[:, 12] += weight
    index = np.full(field.size, -1)
    index[places] = np.arange(places.size)
    columns = index[near]
    free = columns >= 0
    right = weight * values[places] - np.where(free, 0, rows * values[near]).sum(axis=1)
    ends = np.concatenate([[0], free.sum(axis=1).cumsum()])
    matrix = scipy.sparse.csr_matrix((rows[free], columns[free], ends), shape=(places.size, places.size))
    precondition = scipy.sparse.diags(1 / rows[:, 12])
    alpha, failed = scipy.sparse.linalg.cg(
        matrix, right, values[places], rtol=TOLERANCE, maxiter=MOST_STEPS, M=precondition
    )
    result = prior.copy()
    if not failed:
        result[unknown] = np.clip(alpha, 0, 1)
    return result


def spread(mask: NDArray[np.bool_], *, corners: bool = True) -> NDArray[np.bool_]:
    """A mask, (H, W), and the pixels next to it, those that touch it by a corner too unless `corners` is false.

    As scipy's binary_dilation, ten times faster.
    """
    edged = np.pad(mask, 1)
    tall = edged[:-2] | edged[1:-1] | edged[2:]
    rows = tall if corners else edged[1:-1]
    wide: NDArray[np.bool_] = rows[:, :-2] | tall[:, 1:-1] | rows[:, 2:]
    return wide


def _rows(rgb: NDArray[np.float32], field: NDArray[np.bool_], places: Places) -> Numbers:
    """(n, 25): of L, for each unknown pixel what there is at the 5x5 pixels around it.

    `field` is `unknown` with 2 px around it, in which `places` are.
    """
    inside = np.zeros_like(field)
    inside[3:-3, 3:-3] = True
    centres = np.flatnonzero(spread(field) & inside)
    offsets = _offsets(1, field.shape[1])
    colours = np.pad(rgb, ((2, 2), (2, 2), (0, 0))).reshape(-1, 3)[centres + offsets[:, None]]
    windows = _whitened(colours.transpose(0, 2, 1).astype(np.float64))
    window = np.full(field.size, centres.size)
    window[centres] = np.arange(centres.size)
    within = [window[places - offset] for offset in offsets]  # that which has the pixel as its first, its second, ...
    rows, share = np.zeros((25, places.size)), np.zeros(centres.size + 1)
    for one, other in combinations_with_replacement(range(9), 2):
        share[:-1] = (one == other) - (1 + (windows[one] * windows[other]).sum(axis=0)) / 9
        step = 5 * (other // 3 - one // 3) + other % 3 - one % 3
        rows[12 + step] += share[within[one]]
        if one != other:
            rows[12 - step] += share[within[other]]
    return rows.T.copy()


def _whitened(windows: Numbers) -> Numbers:
    """(9, 3, n) colours less their window's mean, times the inverse root of its covariance: dot products are L's."""
    centred: Numbers = windows - windows.mean(axis=0)
    covariance = np.einsum("ian,ibn->nab", centred, centred) / 9 + EPSILON / 9 * np.eye(3)
    root = np.linalg.cholesky(covariance)
    for channel in range(3):
        for before in range(channel):
            centred[:, channel] -= root[:, channel, before] * centred[:, before]
        centred[:, channel] /= root[:, channel, channel]
    return centred


def _offsets(reach: int, width: int) -> Places:
    """From a place to those around it, row by row."""
    steps = np.arange(-reach, reach + 1)
    around: Places = steps[:, None] * width + steps
    return around.ravel()
