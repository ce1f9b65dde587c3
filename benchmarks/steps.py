"""python -m benchmarks.steps [--photos PHOTOS]: processor seconds of what is done to a picture, each step alone.

Means over the photographs of PHOTOS and tests/photos, in this process, on one thread; run it on a quiet machine. The
pages on hardware and on catalogues have these figures.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.findings import table
from benchmarks.machine import processor
from cutout.models.registry import load_registry
from cutout.pixels.composite import compose
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from cutout.pixels.ground import kept, shown
from cutout.pixels.mattes.edges import strength
from cutout.pixels.mattes.measure import described
from cutout.pixels.picture import Picture
from cutout.pixels.types import Rgba
from deployments.backends import load_backend
from deployments.backends.base import LocalBackend, Resources
from deployments.upscaler import enlarge

TESTS = Path("tests/photos")
MODELS = ("local_u2netp", "local_u2net", "local_isnet")
DETAILED = 6
"""Photographs that `method: detail` enlarges, which takes long."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/eval"), help="a folder of photographs")
    photos = parser.parse_args().photos
    files = [file.read_bytes() for file in sorted([*photos.glob("*.jpg"), *TESTS.glob("*.jpg")])]
    registry = load_registry(Path("configs"))
    pictures = [decode(file, registry.service.limits) for file in files]
    megapixels = sum(one.size.width * one.size.height for one in pictures) / len(pictures) / 1e6
    print(f"{processor()}; {len(pictures)} photographs of {megapixels:.2f} megapixels on average\n")
    lines = [["decoding", _mean_s(lambda file: decode(file, registry.service.limits), files)]]
    cutouts = list[Rgba]()
    for name in MODELS:
        cutouts, took_s = _cut_out(registry.models[name], pictures)
        lines.append([f"{name}, and its colours at the edge", took_s])
    pairs = list(zip(pictures, cutouts, strict=True))
    lines.append(["comparing", _mean_s(_compared, pairs)])
    lines.append(["writing a PNG", _mean_s(lambda rgba: encode(rgba, "png"), cutouts)])
    lines.append(["enlarging 4 times, and writing it", _mean_s(_four_times, cutouts)])
    for factor in (2, 4):
        took_s = _mean_s(lambda rgba: enlarge(rgba, factor, "detail", threads=1), cutouts[::-3][:DETAILED])  # noqa: B023 - used at once
        lines.append([f"`method: detail`, {factor} times", took_s])
    print(table(["Step", "Processor seconds"], [[name, f"{took_s:.3f}"] for name, took_s in lines]))


def _cut_out(spec: Any, pictures: Sequence[Picture]) -> tuple[list[Rgba], float]:
    backend = load_backend(spec, Resources())
    assert isinstance(backend, LocalBackend)
    backend.open()
    cutouts = list[Rgba]()

    def cut(picture: Picture) -> None:
        cutouts.append(compose(picture, kept(picture, backend.matte(picture)), spec.decontaminate))

    took_s = _mean_s(cut, pictures)
    return cutouts[1:], took_s


def _compared(pair: tuple[Picture, Rgba]) -> None:
    picture, rgba = pair
    described(shown(picture), rgba[..., 3], strength(shown(picture)))


def _four_times(rgba: Rgba) -> None:
    encode(enlarge(rgba, 4, "lanczos"), "png")


def _mean_s(work: Callable[[Any], object], given: Sequence[Any]) -> float:
    """Processor seconds of one, all threads together, after a first one that does not count."""
    work(given[0])
    before = time.process_time()
    for one in given:
        work(one)
    return (time.process_time() - before) / len(given)


if __name__ == "__main__":
    main()
