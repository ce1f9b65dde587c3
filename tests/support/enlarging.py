"""A network that enlarges, of four lines."""

import numpy as np

from cutout.pixels.types import Planes


class Doubling:
    """Repeats each pixel, and takes a little from those two pixels away."""

    factor, reach_px = 2, 2

    def __call__(self, planes: Planes) -> Planes:
        """See Network."""
        padded = np.pad(planes, ((0, 0), (2, 2), (2, 2)), "edge")
        around = np.sum([np.roll(padded, (y, x), (1, 2)) for y in (-2, 2) for x in (-2, 2)], axis=0)[:, 2:-2, 2:-2]
        mixed: Planes = (0.9 * planes + 0.025 * around).astype(np.float32)
        return mixed.repeat(2, axis=1).repeat(2, axis=2)
