"""python -m benchmarks.steps [--photos PHOTOS]: processor seconds of what is done to a picture, each step alone.

Means over the photographs of PHOTOS and tests/photos, in this process, on one thread; run it on a quiet machine. The
pages on hardware and on catalogues have these figures.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

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
DETAILED = 2
"""Photographs that `method: detail` enlarges, which takes long."""


def main() -> None:
    """Measure, and print the rows of a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/eval"), help="a folder of photographs")
    photos = parser.parse_args().photos
    files = [file.read_bytes() for file in sorted([*photos.glob("*.jpg"), *TESTS.glob("*.jpg")])]
    registry = load_registry(Path("configs"))
    pictures = [decode(file, registry.service.limits) for file in files]
    megapixels = sum(one.size.width * one.size.height for one in pictures) / len(pictures) / 1e6
    print(f"{processor()}; {len(pictures)} photographs of {megapixels:.2f} megapixels on average\n")
    _row("decoding", _mean_s(lambda file: decode(file, registry.service.limits), files))
    cutouts = list[Rgba]()
    for name in MODELS:
        cutouts, took_s = _cut_out(registry.models[name], pictures)
        _row(f"{name}, and its colours at the edge", took_s)
    _row("comparing", _mean_s(_compared, list(zip(pictures, cutouts, strict=True))))
    _row("writing a PNG", _mean_s(lambda rgba: encode(rgba, "png"), cutouts))
    _row("enlarging 4 times, and writing it", _mean_s(_four_times, cutouts))
    for factor in (2, 4):
        enlarge(cutouts[0][:64, :64], factor, "detail", threads=1)  # compiles the network
        took_s = _mean_s(partial(_detailed, factor), cutouts[:DETAILED], warm=True)
        _row(f"`method: detail`, {factor} times, of the first {DETAILED}", took_s)


def _row(step: str, processor_s: float) -> None:
    print(f"| {step} | {processor_s:.3f} |", flush=True)


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


def _detailed(factor: int, rgba: Rgba) -> None:
    enlarge(rgba, factor, "detail", threads=1)


def _mean_s(work: Callable[[Any], object], given: Sequence[Any], *, warm: bool = False) -> float:
    """Processor seconds of one, all threads together, after a first one that does not count, unless it is warm."""
    if not warm:
        work(given[0])
    before = time.process_time()
    for one in given:
        work(one)
    return (time.process_time() - before) / len(given)


if __name__ == "__main__":
    main()
