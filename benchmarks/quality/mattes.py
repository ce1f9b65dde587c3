"""The networks' mattes, made by the project's own backends as they are shipped, and kept in the user's cache."""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from cutout.models.spec import ModelSpec
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha, Rgb
from deployments.backends import load_backend
from deployments.backends.base import Resources

MODELS = (
    Path("configs/models/local_u2netp.yaml"),
    Path("configs/models/local_u2net.yaml"),
    Path("configs/models/local_isnet.yaml"),
)
"""From the cheapest to the dearest."""
CACHE = Path.home() / ".cache" / "cutout-quality"


def mattes(pictures: Mapping[str, Rgb], cache: Path = CACHE) -> dict[str, dict[str, Alpha]]:
    """Every picture's matte of every model: by the picture's name, then by the model's id."""
    found: dict[str, dict[str, Alpha]] = {name: {} for name in pictures}
    for file in MODELS:
        spec = _spec(file)
        places = {name: cache / spec.id / f"{_key(spec, rgb)}.png" for name, rgb in pictures.items()}
        missing = [(pictures[name], place) for name, place in places.items() if not place.exists()]
        if missing:
            asyncio.run(_make(spec, missing))
        for name, place in places.items():
            with Image.open(place) as kept:
                found[name][spec.id] = np.asarray(kept)
    return found


def cpu_s(rgb: Rgb) -> dict[str, float]:
    """Processor time of every model for a picture, not the first one, by the model's id."""
    return {spec.id: asyncio.run(_time(spec, Picture(rgb))) for spec in map(_spec, MODELS)}


@cache
def families() -> dict[str, str]:
    """The family of every model that names one, by the model's id."""
    return {spec.id: spec.family for spec in map(_spec, MODELS) if spec.family}


def _spec(file: Path) -> ModelSpec:
    return ModelSpec.model_validate({**yaml.safe_load(file.read_text()), "id": file.stem})


async def _time(spec: ModelSpec, picture: Picture) -> float:
    backend = load_backend(spec, Resources(cpus=1))
    backend.open()
    await backend.remove(picture)
    before = time.process_time()
    await backend.remove(picture)
    spent = time.process_time() - before
    await backend.close()
    return spent


async def _make(spec: ModelSpec, missing: list[tuple[Rgb, Path]]) -> None:
    backend = load_backend(spec, Resources(cpus=1))
    backend.open()
    for rgb, place in missing:
        matte = await backend.remove(Picture(rgb))
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(matte.alpha).save(place.with_suffix(".part"), "PNG")
        place.with_suffix(".part").rename(place)
    await backend.close()


def _key(spec: ModelSpec, rgb: Rgb) -> str:
    options = json.dumps(spec.options, sort_keys=True, default=str)
    return hashlib.sha256(options.encode() + repr(rgb.shape).encode() + rgb.tobytes()).hexdigest()[:32]
