"""The pictures that are judged: photographs with their reference mattes, composites with exact ones, illustrations.

A composite is the subject of a photograph, its own colours estimated (cutout/foreground.py), on the part of another
photograph that shows no subject: its alpha is exact by construction.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from cutout.foreground import decontaminate
from cutout.outcome import Alpha, Rgb

BLUR = 0.008
"""Radius of a blurred ground, in parts of its longer side: what lies behind a portrait."""
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


def composites(photos: list[Sample]) -> Iterator[Sample]:
    """Each subject on the next photograph's ground, once sharp and once blurred."""
    for photo, behind in zip(photos, photos[1:] + photos[:1], strict=True):
        ground = Image.fromarray(_empty_part(behind)).resize(photo.rgb.shape[1::-1], Image.Resampling.LANCZOS)
        soft = ground.filter(ImageFilter.GaussianBlur(BLUR * max(ground.size)))
        for kind, under in (("sharp", ground), ("blurred", soft)):
            yield Sample(f"{photo.name}-{kind}", kind, photo.name, laid_on(photo, np.asarray(under)), photo.alpha)


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


def _empty_part(photo: Sample) -> Rgb:
    """The largest of the photograph's strips, above, below, left and right, without its subject."""
    rows, columns = np.flatnonzero((photo.alpha > 5).any(axis=1)), np.flatnonzero((photo.alpha > 5).any(axis=0))
    rgb = photo.rgb
    strips = rgb[: rows[0]], rgb[rows[-1] + 1 :], rgb[:, : columns[0]], rgb[:, columns[-1] + 1 :]
    return max(strips, key=lambda strip: strip.size)
