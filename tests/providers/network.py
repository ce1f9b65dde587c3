"""Cutouts that can be shown: by the smallest network of configs/, with a bent of its own for each model."""

import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from cutout.errors import ModelUnavailable
from cutout.limits import LimitsSpec
from cutout.models.registry import load_registry
from cutout.pixels.composite import compose
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha, Matte
from deployments.backends import load_backend
from deployments.backends.base import LocalBackend, Resources
from tests.providers.cutting import Cut, cutout

CONFIGS: Final = Path(__file__).parents[2] / "configs"
NETWORK: Final = "local_u2netp"
WIDER, NARROWER, SOFTER = 0.7, 1.6, 1.2
"""Exponents of alpha, and the radius of a blur in pixels for each 1000 of the longer side."""


def cutting() -> Cut:
    """Cuts by the network; by the border's colour, as the tests do, where its weights cannot be had."""
    backend = load_backend(load_registry(CONFIGS).models[NETWORK], Resources())
    if not isinstance(backend, LocalBackend):
        raise TypeError(f"{NETWORK} is expected to run in this process")
    try:
        backend.load()
    except ModelUnavailable as missing:
        sys.stderr.write(f"Stand-ins cut by the border's colour: {NETWORK} is unavailable: {missing.message}\n")
        return cutout
    turn = threading.Lock()

    @lru_cache(4)  # several models are asked for the same picture
    def seen(data: bytes) -> tuple[Picture, Alpha]:
        picture = decode(data, LimitsSpec())
        return picture, backend.matte(picture).alpha

    def cut(data: bytes, model: str) -> Image.Image:
        with turn:
            picture, alpha = seen(data)
        return Image.fromarray(compose(picture, Matte(_bent(alpha, model)), clean=True))

    return cut


def _bent(alpha: np.ndarray, model: str) -> np.ndarray:
    """The alpha as this model would have it: every model finds another edge."""
    if model.startswith("runware:110"):
        return _power(alpha, WIDER)
    if model.startswith("runware:"):
        radius = SOFTER * max(alpha.shape) / 1000
        return np.asarray(Image.fromarray(alpha).filter(ImageFilter.GaussianBlur(radius)))
    return _power(alpha, NARROWER)


def _power(alpha: np.ndarray, exponent: float) -> np.ndarray:
    return (255 * (alpha / 255) ** exponent).astype(np.uint8)
