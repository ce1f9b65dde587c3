"""A soft black shadow under a cutout: where its subject stands on the ground, or behind its outline.

A shadow is smooth: it is computed from a small copy of the alpha, and enlarged. Nothing of the ground is known, so the
subject is taken to stand on a level one that is seen slightly from above: whatever ends within the lowest quarter of
the subject touches it.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import scipy
from PIL import Image

from cutout.pixels.crop import subject_box
from cutout.pixels.finishing.background import STRIP_BYTES
from cutout.pixels.plain import Box
from cutout.pixels.types import Alpha, Plane, Rgba

ShadowKind: TypeAlias = Literal["ground", "drop"]
SMALL_PX = 384
"""Longest side of the copy from which a shadow is computed."""
LOWEST = 0.25
"""Share of the subject's height, from below, within which its lower edges touch the ground."""
CONTACT, AMBIENT, DROP = (0.035, 0.012), (0.09, 0.035), (0.025, 0.025)
"""Blur across and down, as shares of the subject's larger side: near what touches the ground, around it, of a drop."""
AMBIENT_SHARE = 0.6
"""Darkness of the wide part of a shadow on the ground, of the darkest part's."""
FALL = 0.03
"""How far below the subject a drop shadow lies, as a share of the larger side."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow as it is asked for."""

    kind: ShadowKind = "ground"
    """`ground`: below the subject. `drop`: behind its outline, a little lower."""
    opacity: float = 0.5
    """Of its darkest part, in 0..1."""


def shadowed(rgba: Rgba, shadow: Shadow) -> Rgba:
    """(H, W, 4): the cutout of straight alpha over its shadow (Porter-Duff over black); without a subject, as it is."""
    box = subject_box(rgba[..., 3])
    if box is None or shadow.opacity == 0:
        return rgba
    height, width = rgba.shape[:2]
    small = Image.fromarray(np.round(shade(rgba[..., 3], box, shadow) * 255).astype(np.uint8))
    return _over(rgba, np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)))


def shade(alpha: Alpha, box: Box, shadow: Shadow) -> Plane:
    """(h, w) in 0..1: the shadow's opacity, at most SMALL_PX a side, for the subject in `box` of an (H, W) alpha."""
    share = min(1.0, SMALL_PX / max(alpha.shape))
    height, width = (max(1, round(side * share)) for side in alpha.shape)
    shrunk = Image.fromarray(alpha).resize((width, height), Image.Resampling.BOX)
    small: Plane = np.asarray(shrunk, np.float32) / np.float32(255)
    side, bottom, tall = max(box.width, box.height) * share, box.bottom * share, box.height * share
    if shadow.kind == "drop":
        dark: Plane = scipy.ndimage.shift(_blurred(small, side, DROP), (FALL * side, 0), order=1)
        return dark * np.float32(shadow.opacity)
    touching = _lower_edges(small) * _nearness(height, bottom, max(1.0, LOWEST * tall))[:, None]
    contact, ambient = (_normal(_blurred(touching, side, blur)) for blur in (CONTACT, AMBIENT))
    dark = 1 - (1 - contact) * (1 - AMBIENT_SHARE * ambient)
    return dark.astype(np.float32) * np.float32(shadow.opacity)


def _lower_edges(alpha: Plane) -> Plane:
    """How much of each pixel is subject above something that is none; the picture's lower border counts as ground."""
    below = np.vstack([alpha[1:], np.zeros_like(alpha[:1])])
    edges: Plane = np.maximum(alpha - below, 0)
    return edges


def _nearness(height: int, bottom: float, reach: float) -> Plane:
    """(height,) 1 at the subject's lowest row, falling to 0 at `reach` rows above it."""
    above = (bottom - np.arange(height, dtype=np.float32) - 1) / np.float32(reach)
    near: Plane = np.maximum(1 - np.abs(above), 0)
    return near


def _blurred(plane: Plane, side: float, blur: tuple[float, float]) -> Plane:
    across, down = blur
    blurred: Plane = scipy.ndimage.gaussian_filter(plane, (down * side, across * side), mode="constant")
    return blurred


def _normal(plane: Plane) -> Plane:
    """Scaled so that its highest value is 1."""
    scaled: Plane = plane / np.float32(max(float(plane.max()), 1e-6))
    return scaled


def _over(rgba: Rgba, shade: Alpha) -> Rgba:
    """The cutout over black of that alpha."""
    laid = np.empty_like(rgba)
    rows = max(1, STRIP_BYTES // (rgba.shape[1] * 4))
    for start in range(0, rgba.shape[0], rows):
        strip = slice(start, start + rows)
        above = rgba[strip, :, 3:].astype(np.float32)
        total = above + (255 - above) * (shade[strip, :, None].astype(np.float32) / 255)
        colours = np.divide(
            rgba[strip, :, :3] * above, total, out=np.zeros_like(laid[strip, :, :3], np.float32), where=total > 0
        )
        laid[strip] = np.concatenate([colours, total], axis=-1) + np.float32(0.5)
    return laid
