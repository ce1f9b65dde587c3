"""What no service can be faster than: its engine alone, a copy of its result's pixels, a request that asks nothing."""

import statistics
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from cutout.models.registry import load_registry
from cutout.pixels.picture import Picture
from deployments.backends.base import Resources
from deployments.backends.onnx import OnnxBackend, OnnxOptions
from deployments.engines.base import Engine, Tensor

TIMES = 5
RGBA = 4


@dataclass(frozen=True, slots=True)
class Limit:
    """A time that the work cannot fall below."""

    what: str
    ms: float

    def beside(self, ms: float) -> str:
        """The limit, and how many times as long the work took."""
        return f"{self.ms:,.0f} ms, {self.what}: {ms / self.ms:.2f} times"


class Stopwatch(Engine):
    """An engine whose last run was timed."""

    name = "stopwatch"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.device = engine.device
        self.ms = 0.0

    def run(self, tensor: Tensor) -> Tensor:
        """See Engine."""
        begun = time.perf_counter()
        output = self._engine.run(tensor)
        self.ms = (time.perf_counter() - begun) * 1000
        return output

    def interrupt(self) -> None:
        """See Engine."""
        self._engine.interrupt()


class TimedModel(OnnxBackend):
    """The shipped model, in this process, with its network timed apart from what is around it."""

    def load(self) -> None:
        """See LocalBackend."""
        super().load()
        self.stopwatch = self._engine = Stopwatch(self._engine)

    def measure(self, picture: Picture) -> tuple[float, float]:
        """Milliseconds from a picture to its matte, and those of the network in it."""
        begun = time.perf_counter()
        self.matte(picture)
        return (time.perf_counter() - begun) * 1000, self.stopwatch.ms


@cache
def timed_model(model_id: str, compiled: Path) -> TimedModel:
    """The model with the CPUs that its replica has, and the compiled network that a replica left in that folder."""
    spec = load_registry(Path("configs")).models[model_id]
    entries = yaml.safe_load(Path("serve_config.yaml").read_text(encoding="utf-8"))["applications"][0]["deployments"]
    cpus = next(entry["ray_actor_options"]["num_cpus"] for entry in entries if entry["name"] == model_id)
    model = TimedModel(spec, OnnxOptions.model_validate(spec.options), Resources(cpus, cache=compiled))
    model.open()
    return model


@cache
def engines(compiled: Path, *model_ids: str) -> Limit:
    """The networks of these models one after the other; each uses all cores."""
    picture = Picture(np.full((64, 64, 3), 127, np.uint8))
    models = [timed_model(model_id, compiled) for model_id in model_ids]
    medians = [statistics.median(model.measure(picture)[1] for _ in range(TIMES)) for model in models]
    return Limit("the engine alone" if len(models) == 1 else "the engines alone", sum(medians))


@cache
def copied(megapixels: float, pictures: int = 1) -> Limit:
    """A copy of so many RGBA pictures of that size: all of it is read from memory once, and written once."""
    source = np.ones(round(megapixels * 1e6) * RGBA, np.uint8)
    target, times_ms = np.zeros_like(source), []
    for _ in range(TIMES):
        begun = time.perf_counter()
        np.copyto(target, source)
        times_ms.append((time.perf_counter() - begun) * 1000)
    return Limit("a copy of the result", statistics.median(times_ms) * pictures)
