"""The shipped networks, opened once for all tests of a process, and what they make of the photographs."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from cutout.models.registry import load_registry
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha
from deployments.backends import load_backend
from deployments.backends.base import Resources
from deployments.backends.onnx import OnnxBackend

ROOT: Final = Path(__file__).parents[2]
MODELS: Final = load_registry(ROOT / "configs").models
PHOTOS: Final = sorted((ROOT / "tests" / "photos").glob("*.jpg"))


@cache
def shipped(model_id: str) -> OnnxBackend:
    """A model with its own options."""
    return loaded(model_id)


@cache
def in_float32(model_id: str) -> OnnxBackend:
    """A model by the reference engine, in float32 throughout."""
    return loaded(model_id, engine="onnxruntime")


@cache
def alpha_of(backend: OnnxBackend, file: Path) -> Alpha:
    """A photograph's alpha by a backend, which is not asked again."""
    alpha = backend.matte(photo(file)).alpha
    alpha.flags.writeable = False
    return alpha


def beyond_rounding(ours: Alpha, rembgs: Alpha) -> float:
    """Mean absolute error, 0 to 1, but for one level more than rembg's: it truncates where we round."""
    more = ours.astype(float) - rembgs
    return float(np.abs(more - np.clip(more, 0, 1)).mean() / 255)


def photo(file: Path) -> Picture:
    """A photograph's pixels."""
    return Picture(np.asarray(Image.open(file).convert("RGB")))


def loaded(model_id: str, **changes: object) -> OnnxBackend:
    """A model with other options; unlike one that was opened it has not run yet, which takes as long as a picture."""
    spec = MODELS[model_id]
    backend = load_backend(spec.model_copy(update={"options": {**spec.options, **changes}}), Resources(cpus=2))
    assert isinstance(backend, OnnxBackend)
    backend.load()
    return backend
