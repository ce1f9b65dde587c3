"""Pictures that are transparent already: the ground a model sees them on, and what is kept where it finds nothing."""

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cutout.pixels.crop import SEEN
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Colour, Size
from cutout.pixels.types import Alpha, Matte, Rgb

GROUNDS: tuple[Colour, ...] = ((255, 255, 255), (0, 90, 160), (128, 128, 128), (0, 0, 0))
"""In order of preference: networks do best with objects on white and, of those tried, with white ones on blue."""
PLAIN_CONTRAST = 96
"""Least distance from the visible colours, in 0..255, at which a ground contrasts."""
LIKE_THE_GROUND = 0.1
"""Share of the visible pixels that may be nearer to the ground."""
SAMPLE_PX = 65_536
"""Visible pixels, spread over the picture, that are sampled to choose the ground."""
FOUND_LEAST = 0.002
"""Share of the visible pixels below which a model has found nothing; lost parts smaller than this are ignored."""
SURE = 128
"""Least alpha of a model that counts as found: networks leave a haze on what they miss."""
BLOCKS = 1024
"""Blocks of pixels along the longer side, by which connected parts are found."""
KEPT_NOTE = "The model found nothing in a picture that is transparent already; its own transparency was kept."
PARTS_NOTE = (
    "The model found nothing in parts of a picture that is transparent already; their own transparency was kept."
)
_AROUND = np.ones((3, 3), np.bool_)


def shown(picture: Picture) -> Rgb:
    """(H, W, 3) as a model sees it: on a ground that contrasts with the visible colours."""
    if picture.alpha is None:
        return picture.rgb
    return picture.on(ground(picture.rgb, picture.alpha))


def ground(rgb: Rgb, alpha: Alpha) -> Colour:
    """The first of GROUNDS that contrasts with nearly all visible pixels, or else the one that contrasts most."""
    colours = _visible(rgb, alpha)
    if not len(colours):
        return GROUNDS[0]
    contrasts = [_contrast(colours, candidate) for candidate in GROUNDS]
    plain = next((at for at, contrast in enumerate(contrasts) if contrast >= PLAIN_CONTRAST), None)
    return GROUNDS[int(np.argmax(contrasts)) if plain is None else plain]


def kept(picture: Picture, matte: Matte) -> Matte:
    """The matte, with the picture's own alpha in parts that the model missed, and a note that says so."""
    own = picture.alpha
    if own is None:
        return matte
    parts = _parts(own, matte.alpha)
    if parts.visible[parts.lost].sum() < max(1, parts.visible.sum() * FOUND_LEAST):
        return matte
    note = KEPT_NOTE if parts.lost[parts.visible > 0].all() else PARTS_NOTE
    where = parts.where_lost()
    rgb = None if matte.rgb is None else np.where(where[..., None], picture.rgb, matte.rgb)
    alpha = np.where(where, own, matte.alpha)
    return replace(matte, alpha=alpha, rgb=rgb, note=f"{matte.note} {note}" if matte.note else note)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The visible parts of a picture that do not touch; part 0 is all that is not visible."""

    labels: NDArray[np.int32]
    """(h, w): the part of each block of pixels."""
    block_px: int
    size: Size
    visible: NDArray[np.int64]
    """Pixels of each part."""
    found: NDArray[np.int64]
    """Of them, those that the model found."""

    @property
    def lost(self) -> NDArray[np.bool_]:
        """For each part: whether less of it was found than half, and than FOUND_LEAST of all visible pixels."""
        least = np.minimum(self.visible.sum() * FOUND_LEAST, self.visible / 2)
        lost: NDArray[np.bool_] = (self.visible > 0) & (self.found < least)
        return lost

    def where_lost(self) -> NDArray[np.bool_]:
        """(H, W): the parts that were missed, with the barely visible pixels around them."""
        blocks = scipy.ndimage.binary_dilation(self.lost[self.labels], _AROUND)
        wide: NDArray[np.bool_] = blocks.repeat(self.block_px, axis=0).repeat(self.block_px, axis=1)
        return wide[: self.size.height, : self.size.width]


def _parts(own: Alpha, matte: Alpha) -> _Parts:
    """Parts, found in blocks of pixels, so that large pictures take no longer; parts in adjacent blocks merge."""
    block_px = -(-max(own.shape) // BLOCKS)
    seen = own >= SEEN
    visible, found = _counts(seen, block_px), _counts(seen & (matte >= SURE), block_px)
    labels, count = scipy.ndimage.label(visible > 0, _AROUND)
    flat, parts = labels.ravel(), count + 1
    return _Parts(
        labels,
        block_px,
        Size(own.shape[1], own.shape[0]),
        np.bincount(flat, visible.ravel(), parts).astype(np.int64),
        np.bincount(flat, found.ravel(), parts).astype(np.int64),
    )


def _counts(pixels: NDArray[np.bool_], block_px: int) -> NDArray[np.int32]:
    """How many pixels are true in each block."""
    rows, columns = (np.arange(0, side, block_px) for side in pixels.shape)
    counts: NDArray[np.int32] = np.add.reduceat(np.add.reduceat(pixels, rows, 0, np.int32), columns, 1)
    return counts


def _visible(rgb: Rgb, alpha: Alpha) -> NDArray[np.int16]:
    """(n, 3): colours of a sample of the pixels with at least half the picture's highest alpha, at most 128."""
    places = np.flatnonzero(alpha >= max(1, min(128, int(alpha.max(initial=0)))))
    return rgb.reshape(-1, 3)[places[:: -(-len(places) // SAMPLE_PX) or 1]].astype(np.int16)


def _contrast(colours: NDArray[np.int16], candidate: Colour) -> float:
    distance = np.abs(colours - np.array(candidate, np.int16)).max(axis=1)
    return float(np.quantile(distance, LIKE_THE_GROUND, method="lower"))
