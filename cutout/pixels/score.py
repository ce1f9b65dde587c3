"""How good a matte looks without the truth: agreement with others, decidedness, and edges that are the picture's."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from cutout.outcome import Alpha, Rgb
from cutout.pixels.agreement import agreement
from cutout.pixels.laplacian import Plane

LOOK_PX = 512
"""Longer side at which edges are compared."""
NEAR_PX = 8
"""How far around a pixel, at that size, its gradient is compared with others."""
NOISE = 4.0
"""Levels of gradient, in a plain neighbourhood, that are no edge."""
EDGE_WEIGHT = 0.5
"""Of edge alignment against 1 of the others: it tells mattes of one picture apart, but differs most among pictures."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of one matte; each part and the whole in 0..1."""

    agreement: float | None
    """With the others; None where there are none."""
    sharpness: float
    edge_alignment: float

    @property
    def score(self) -> float:
        """The mean of the parts that there are, edge alignment counted half."""
        whole = [self.sharpness] if self.agreement is None else [self.agreement, self.sharpness]
        return (sum(whole) + EDGE_WEIGHT * self.edge_alignment) / (len(whole) + EDGE_WEIGHT)


def sharpness(alpha: Alpha) -> float:
    """1 - sum(4a(1 - a)) / sum(a), at least 0: 1 of a binary matte, 0 of an empty one. `alpha` is (H, W), bytes."""
    value = alpha.astype(np.float64) / 255
    total = float(value.sum())
    return max(0.0, 1 - float((4 * value * (1 - value)).sum()) / total) if total else 0.0


def edge_alignment(rgb: Rgb, alpha: Alpha) -> float:
    """How near the matte's edges are to the strongest of the picture's around them, 0 to 1; 0 where either has none.

    The mean of |grad I| / (M + 4), weighted by |grad a|: |grad I| is the largest over channels, M the most of it
    within 8 px, so that a faint outline counts as much as a strong one. At 512 px of the longer side; `rgb` is
    (H, W, 3), `alpha` (H, W), bytes.
    """
    height, width = alpha.shape
    shrink = max(1.0, max(height, width) / LOOK_PX)
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    edges = _gradient(np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX))[..., None])
    seen = _gradient(np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX)))
    total = float(edges.sum(dtype=np.float64))
    share = seen / (ndimage.maximum_filter(seen, 2 * NEAR_PX + 1) + NOISE)
    return float((share * edges).sum(dtype=np.float64)) / total if total else 0.0


def scores(rgb: Rgb, mattes: Mapping[str, Alpha], families: Mapping[str, str]) -> dict[str, Score]:
    """The score of every matte of a picture, by its model; see `agreement` for `families`."""
    agreed = agreement(mattes, families)
    return {
        model: Score(agreed.get(model), sharpness(matte), edge_alignment(rgb, matte)) for model, matte in mattes.items()
    }


def best(scored: Mapping[str, Score]) -> str:
    """The model with the highest score; of equals the first by name.

    Raises:
        ValueError: there is none.
    """
    return min(scored, key=lambda model: (-scored[model].score, model))


def _gradient(planes: np.ndarray) -> Plane:
    """The largest over channels of the length of the central differences, (H, W) of (H, W, C)."""
    value = np.pad(planes.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    across, down = value[1:-1, 2:] - value[1:-1, :-2], value[2:, 1:-1] - value[:-2, 1:-1]
    longest: Plane = np.hypot(across, down).max(axis=-1)
    return longest
