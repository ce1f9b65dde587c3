"""PSNR of enlargements: photographs and their mattes, shrunk, enlarged again, and compared with what they were.

`python -m benchmarks.quality.enlarging [PHOTOS]` prints the table of docs/quality.md.
"""

import time
from collections import defaultdict
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Annotated, Final, get_args

import numpy as np
import typer
from PIL import Image

from benchmarks.quality.samples import Sample, photographs
from cutout.pixels.picture import with_alpha
from cutout.pixels.plain import EnlargingMethod
from cutout.pixels.strips import Strips
from cutout.pixels.types import Alpha, Rgb, Rgba
from deployments.upscaler import enlarge

FACTORS: Final = (2, 4)
METHODS: Final[tuple[EnlargingMethod, ...]] = get_args(EnlargingMethod)
SHRUNK_BY: Final = {"Lanczos": Image.Resampling.LANCZOS, "averaging": Image.Resampling.BOX}


def main(photos: Annotated[Path, typer.Argument(help="Folder of photographs with `.alpha.png` beside each.")]) -> None:
    """Print the mean PSNR of each method in dB, colour and alpha apart, and its time over that of Lanczos."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    for sample, how, factor in product(photographs(photos), SHRUNK_BY, FACTORS):
        rgb, alpha = _cut(sample, max(FACTORS))
        small = [_shrunk(one, factor, SHRUNK_BY[how]) for one in (_opaque(rgb), _matte(alpha))]
        for method in METHODS:
            started = time.process_time()
            colours, matte = (_enlarged(one, factor, method) for one in small)
            seconds[method] += time.process_time() - started
            found[how, f"{method} colour x{factor}"].append(_psnr(colours[..., :3], rgb))
            found[how, f"{method} alpha x{factor}"].append(_psnr(matte[..., 3], alpha))
    print("\n".join(_table({name: fmean(each) for name, each in found.items()}, seconds)))


def _table(found: dict[tuple[str, str], float], seconds: dict[str, float]) -> list[str]:
    kinds = [f"{what} x{factor}" for factor in FACTORS for what in ("colour", "alpha")]
    lines = [f"| Shrunk by | Method | {' | '.join(kinds)} | CPU |", f"|---|---|{'---|' * len(kinds)}---|"]
    for how in SHRUNK_BY:
        for method in METHODS:
            figures = " | ".join(f"{found[how, f'{method} {kind}']:.2f}" for kind in kinds)
            lines.append(f"| {how} | `{method}` | {figures} | {seconds[method] / seconds['lanczos']:.2f} |")
    return lines


def _cut(sample: Sample, multiple: int) -> tuple[Rgb, Alpha]:
    """The sample, its sides a multiple of so many pixels."""
    height, width = (side - side % multiple for side in sample.alpha.shape)
    return sample.rgb[:height, :width], sample.alpha[:height, :width]


def _opaque(rgb: Rgb) -> Rgba:
    return with_alpha(rgb, np.full(rgb.shape[:2], 255, np.uint8))


def _matte(alpha: Alpha) -> Rgba:
    return with_alpha(np.zeros((*alpha.shape, 3), np.uint8), alpha)


def _shrunk(rgba: Rgba, factor: int, shrunk_by: Image.Resampling) -> Rgba:
    """Each channel by itself: of an opaque picture, and of a matte alone, that is the same as premultiplied."""
    height, width = rgba.shape[:2]
    small = (width // factor, height // factor)
    planes = (Image.fromarray(np.ascontiguousarray(rgba[..., channel])) for channel in range(4))
    return np.dstack([np.asarray(plane.resize(small, shrunk_by)) for plane in planes])


def _enlarged(rgba: Rgba, factor: int, method: EnlargingMethod) -> Rgba:
    larger = enlarge(rgba, factor, method)
    return larger.whole() if isinstance(larger, Strips) else larger


def _psnr(made: Rgb | Alpha, true: Rgb | Alpha) -> float:
    """In dB, of bytes."""
    return float(10 * np.log10(255**2 / np.mean((made.astype(np.float64) - true) ** 2)))


if __name__ == "__main__":
    typer.run(main)
