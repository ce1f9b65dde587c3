"""How good a matte looks without the truth: agreement with others, decidedness, and edges that are the picture's."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cutout.outcome import Alpha, Rgb
from cutout.pixels.agreement import agreement
from cutout.pixels.laplacian import Plane

LOOK_PX = 512
"""Longer side at which edges are compared."""
STRONG = 99
"""Percentile of the picture's gradient that counts as a full edge."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of one matte; each part and the whole in 0..1."""

    agreement: float | None
    """With the others; None where there are none."""
    sharpness: float
    edge_alignment: float

    @property
    def score(self) -> float:
        """The mean of the parts that there are: weights fitted on few pictures did no better on others."""
        parts = [self.sharpness, self.edge_alignment]
        return float(np.mean(parts if self.agreement is None else [self.agreement, *parts]))


def sharpness(alpha: Alpha) -> float:
    """1 - sum(4a(1 - a)) / sum(a), at least 0: 1 of a binary matte, 0 of an empty one. `alpha` is (H, W), bytes."""
    value = alpha.astype(np.float64) / 255
    total = float(value.sum())
    return max(0.0, 1 - float((4 * value * (1 - value)).sum()) / total) if total else 0.0


def edge_alignment(rgb: Rgb, alpha: Alpha) -> float:
    """The picture's gradient where the matte has its edges, 0 to 1; 0 of a matte, or a picture, without edges.

    The mean of |grad I|, the largest over channels, divided by its 99th percentile and clipped to 1, weighted by
    |grad a|. `rgb` is (H, W, 3), `alpha` (H, W), bytes.
    """
    height, width = alpha.shape
    shrink = max(1.0, max(height, width) / LOOK_PX)
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    edges = _gradient(np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX))[..., None])
    seen = _gradient(np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX)))
    strong, total = float(np.percentile(seen, STRONG)), float(edges.sum(dtype=np.float64))
    if not strong or not total:
        return 0.0
    return float((np.minimum(seen / strong, 1) * edges).sum(dtype=np.float64)) / total


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
