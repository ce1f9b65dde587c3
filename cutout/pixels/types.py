"""The arrays that functions on pixels take and return; plain.py has what is no array."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rgb: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8, sRGB."""
Alpha: TypeAlias = NDArray[np.uint8]
"""(H, W) uint8; 0 is background, 255 is subject."""
Rgba: TypeAlias = NDArray[np.uint8]
"""(H, W, 4) uint8, straight alpha, sRGB."""
Plane: TypeAlias = NDArray[np.float32]
"""(H, W) float32."""
Planes: TypeAlias = NDArray[np.float32]
"""(C, H, W) float32."""


@dataclass(frozen=True, slots=True)
class Matte:
    """A backend's result for one picture of H x W pixels."""

    alpha: Alpha
    """(H, W) uint8, of the picture's size."""
    rgb: Rgb | None = None
    """(H, W, 3) foreground colours, when the model estimates them; None: the picture's own."""
    cost_usd: float | None = None
    """What the provider charged; None: the registry's price."""
    note: str | None = None
    """A remark for the caller, such as that the picture was shrunk to a provider's limits."""
