"""How far the mattes of one picture agree: the one judgement that needs no truth.

Networks of one family, trained alike, err alike: however many there are, they have one voice. The median over the
families lets a specialist that disagrees with everybody spoil nobody else's agreement. See Agreement-Based Cascading
(arXiv:2407.02348) for agreement as a sign of quality.
"""

from collections.abc import Mapping

import numpy as np

from cutout.pixels.mattes.descriptor import MatteDescriptor, shrunk, unpacked
from cutout.pixels.mattes.score import Score
from cutout.pixels.types import Alpha


def soft_iou(one: Alpha, other: Alpha) -> float:
    """sum(min(a, b)) / sum(max(a, b)) of two mattes of one size, (H, W), bytes: 0 to 1, and 1 of two empty ones."""
    union = int(np.maximum(one, other).sum(dtype=np.int64))
    return int(np.minimum(one, other).sum(dtype=np.int64)) / union if union else 1.0


def agreement(mattes: Mapping[str, Alpha], families: Mapping[str, str]) -> dict[str, float]:
    """`agreed` of mattes at full size."""
    return agreed({model: shrunk(matte) for model, matte in mattes.items()}, families)


def agreed(small: Mapping[str, Alpha], families: Mapping[str, str]) -> dict[str, float]:
    """Each matte's agreement with the others, 0 to 1, by its model; nothing of fewer than two mattes.

    All are shrunk, of one picture. `families` names a model's family; one that it does not name is its own. For each
    family the mean soft IoU with its other members counts; the result is the median over families.
    """
    if len(small) < 2:
        return {}
    found = {}
    for model, matte in small.items():
        voices: dict[str, list[float]] = {}
        for other, theirs in small.items():
            if other != model:
                voices.setdefault(families.get(other, other), []).append(soft_iou(matte, theirs))
        found[model] = float(np.median([np.mean(voice) for voice in voices.values()]))
    return found


def scored(descriptors: Mapping[str, MatteDescriptor], families: Mapping[str, str]) -> dict[str, Score]:
    """The score of every matte of a picture, by its model; see `agreed` for `families`."""
    found = agreed({model: unpacked(one.matte) for model, one in descriptors.items()}, families)
    return {model: Score(found.get(model), one.sharpness, one.edge_alignment) for model, one in descriptors.items()}
