"""The pictures that are judged: photographs with their reference mattes, composites with exact ones, illustrations.

A composite is the subject of a photograph, its own colours estimated (foreground.py), on the part of another
photograph that shows no subject: its alpha is exact by construction. That part is enlarged alike in both directions,
never stretched, so that its texture stays a photograph's.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from cutout.pixels.foreground import decontaminate
from cutout.pixels.types import Alpha, Rgb

FOCUS = (2.0, 6.0)
"""Mean gradient, in levels a pixel, of a sharp ground: below it is out of focus, above it is lettering, a subject."""
ENLARGED = 3.0
"""Most that a ground is enlarged; a part that would need more is not used."""
SHARP, BLURRED = 3, 2
"""Most composites of a subject on grounds in focus, and on those out of it."""
ILLUSTRATIONS = 20
ILLUSTRATION_PX = 512
GROUNDS = ((255, 255, 255), (236, 231, 221), (46, 58, 76), (176, 205, 228))


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and its true matte."""

    name: str
    kind: str
    """Its class: `person`, `animal`, `sharp`, `blurred` (composites) or `illustration`."""
    origin: str
    """The photograph that its subject comes from: what is fitted for one must not have seen it."""
    rgb: Rgb
    alpha: Alpha


def photographs(folder: Path) -> list[Sample]:
    """`<class>-<n>.jpg` with `<class>-<n>.alpha.png`, by name."""
    samples = []
    for file in sorted(folder.glob("*.jpg")):
        with Image.open(file) as photo, Image.open(file.with_suffix(".alpha.png")) as matte:
            rgb, alpha = np.asarray(photo.convert("RGB")), np.asarray(matte.convert("L"))
        samples.append(Sample(file.stem, file.stem.split("-")[0], file.stem, rgb, alpha))
    return samples


def published(folder: Path = Path("tests/photos")) -> dict[str, Rgb]:
    """Photographs without mattes that anybody may show, by name."""
    found = {}
    for file in sorted(folder.glob("*.jpg")):
        with Image.open(file) as photo:
            found[file.stem] = np.asarray(photo.convert("RGB"))
    return found


def composites(photos: list[Sample]) -> Iterator[Sample]:
    """Each subject on grounds of the photographs that follow it, some in focus and some out of it."""
    for at, photo in enumerate(photos):
        left = {"sharp": SHARP, "blurred": BLURRED}
        for behind in photos[at + 1 :] + photos[:at]:
            ground = _ground(behind, *photo.alpha.shape)
            kind = None if ground is None else _focus(ground)
            if ground is not None and kind is not None and left[kind]:
                left[kind] -= 1
                yield Sample(f"{photo.name}-on-{behind.name}", kind, photo.name, laid_on(photo, ground), photo.alpha)


def illustrations(tarball: Path) -> Iterator[Sample]:
    """Some of the package's pictures, evenly taken by name, enlarged, each on a plain ground."""
    with tarfile.open(tarball) as archive:
        names = sorted(name for name in archive.getnames() if name.endswith(".webp"))
        chosen = names[:: len(names) // ILLUSTRATIONS][:ILLUSTRATIONS]
        pictures = {name: content.read() for name in chosen if (content := archive.extractfile(name))}
    for at, (name, data) in enumerate(pictures.items()):
        with Image.open(BytesIO(data)) as file:
            rgba = np.asarray(file.convert("RGBA").resize((ILLUSTRATION_PX, ILLUSTRATION_PX), Image.Resampling.BICUBIC))
        ground = np.broadcast_to(np.array(GROUNDS[at % len(GROUNDS)], np.uint8), (*rgba.shape[:2], 3))
        stem = f"illustration-{Path(name).stem}"
        yield Sample(stem, "illustration", stem, blended(rgba, ground), rgba[..., 3])


def laid_on(photo: Sample, ground: Rgb) -> Rgb:
    """The photograph's subject on another ground of its size."""
    rgba = np.dstack([photo.rgb, photo.alpha])
    decontaminate(rgba)
    return blended(rgba, ground)


def blended(rgba: np.ndarray, ground: Rgb) -> Rgb:
    """(H, W, 4) over (H, W, 3), bytes."""
    alpha = rgba[..., 3:] / np.float32(255)
    return np.round(rgba[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)


def _ground(photo: Sample, height: int, width: int) -> Rgb | None:
    """The largest part of the photograph of that shape without its subject, the most textured of equals; or None."""
    taken = np.pad((photo.alpha > 5).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    detail = np.pad(_gradient(photo.rgb).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    for share in np.arange(1, 1 / ENLARGED, -0.02):
        high, wide = round(share * height), round(share * width)
        if high > photo.alpha.shape[0] or wide > photo.alpha.shape[1]:
            continue
        empty = _sums(taken, high, wide) == 0
        if empty.any():
            top, left = np.unravel_index(np.where(empty, _sums(detail, high, wide), -1).argmax(), empty.shape)
            part = Image.fromarray(photo.rgb[top : top + high, left : left + wide])
            return np.asarray(part.resize((width, height), Image.Resampling.BICUBIC))
    return None


def _sums(integral: NDArray[Any], high: int, wide: int) -> NDArray[Any]:
    """Of every rectangle of that size."""
    sums: NDArray[Any] = integral[high:, wide:] - integral[:-high, wide:] - integral[high:, :-wide]
    sums += integral[:-high, :-wide]
    return sums


def _gradient(rgb: Rgb) -> NDArray[Any]:
    gradient: NDArray[Any] = ndimage.gaussian_gradient_magnitude(rgb.mean(axis=2), 1)
    return gradient


def _focus(ground: Rgb) -> str | None:
    """`sharp`, `blurred`, or None of lettering."""
    detail = float(_gradient(ground).mean())
    if detail > FOCUS[1]:
        return None
    return "sharp" if detail >= FOCUS[0] else "blurred"
