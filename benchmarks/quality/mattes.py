"""The networks' mattes, made by the project's own backends as they are shipped, and kept in the user's cache."""

import asyncio
import hashlib
import json
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from benchmarks.quality.samples import Sample
from cutout.image import Picture
from cutout.outcome import Alpha
from cutout.spec import ModelSpec
from deployments.backends import load_backend
from deployments.backends.base import Resources

MODELS = (
    Path("configs/models/local_u2netp.yaml"),
    Path("benchmarks/quality/models/local_u2net.yaml"),
    Path("configs/models/local_isnet.yaml"),
)
"""From the cheapest to the dearest."""
FAMILIES = {"local_u2netp": "u2net", "local_u2net": "u2net", "local_isnet": "isnet"}
"""Networks of one design, trained on one data set, err together."""
CACHE = Path.home() / ".cache" / "cutout-quality"


def mattes(samples: list[Sample], cache: Path = CACHE) -> dict[str, dict[str, Alpha]]:
    """Every sample's matte of every model: by the sample's name, then by the model's id."""
    found: dict[str, dict[str, Alpha]] = {sample.name: {} for sample in samples}
    for file in MODELS:
        spec = ModelSpec.model_validate({**yaml.safe_load(file.read_text()), "id": file.stem})
        places = {sample.name: cache / spec.id / f"{_key(spec, sample)}.png" for sample in samples}
        missing = [sample for sample in samples if not places[sample.name].exists()]
        if missing:
            asyncio.run(_make(spec, missing, places))
        for name, place in places.items():
            with Image.open(place) as kept:
                found[name][spec.id] = np.asarray(kept)
    return found


async def _make(spec: ModelSpec, samples: list[Sample], places: dict[str, Path]) -> None:
    backend = load_backend(spec, Resources(cpus=1))
    backend.open()
    for sample in samples:
        matte = await backend.remove(Picture(sample.rgb))
        place = places[sample.name]
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(matte.alpha).save(place.with_suffix(".part"), "PNG")
        place.with_suffix(".part").rename(place)
    await backend.close()


def _key(spec: ModelSpec, sample: Sample) -> str:
    options = json.dumps(spec.options, sort_keys=True, default=str)
    return hashlib.sha256(options.encode() + repr(sample.rgb.shape).encode() + sample.rgb.tobytes()).hexdigest()[:32]
