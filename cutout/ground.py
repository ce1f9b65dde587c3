"""What a model sees behind a picture that is transparent already, and what counts where it found nothing."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cutout.image import Picture
from cutout.outcome import Alpha, Matte, Rgb

Ground: TypeAlias = tuple[int, int, int]
"""Red, green, blue in 0..255, sRGB."""
GROUNDS: tuple[Ground, ...] = ((255, 255, 255), (0, 90, 160), (128, 128, 128), (0, 0, 0))
"""The first that contrasts is taken: networks know objects on white best, then, of those tried, white ones on blue."""
PLAIN_CONTRAST = 96
"""A ground this far from the visible colours, in 0..255, contrasts."""
LIKE_THE_GROUND = 0.1
"""So large a part of what is visible may be nearer to the ground."""
SAMPLE_PX = 65_536
"""Visible pixels that choose the ground, spread over the picture."""
FOUND_LEAST = 0.002
"""A model that leaves less of what is visible has found nothing."""
KEPT_NOTE = "The model found nothing in a picture that is transparent already; its own transparency was kept."


def shown(picture: Picture) -> Rgb:
    """(H, W, 3) as a model sees it: what is transparent shows a ground that the visible colours stand out from."""
    if picture.alpha is None:
        return picture.rgb
    return picture.on(ground(picture.rgb, picture.alpha))


def ground(rgb: Rgb, alpha: Alpha) -> Ground:
    """The first of GROUNDS that contrasts with nearly all that is visible, or else the one that contrasts most."""
    colours = _visible(rgb, alpha)
    if not len(colours):
        return GROUNDS[0]
    contrasts = [_contrast(colours, candidate) for candidate in GROUNDS]
    plain = next((at for at, contrast in enumerate(contrasts) if contrast >= PLAIN_CONTRAST), None)
    return GROUNDS[int(np.argmax(contrasts)) if plain is None else plain]


def kept(picture: Picture, matte: Matte) -> Matte:
    """The matte; for a picture with alpha of which the model has found nothing, that alpha, and a note that says so."""
    own = picture.alpha
    if own is None:
        return matte
    visible = int(own.sum(dtype=np.int64))
    found = int(np.minimum(own, matte.alpha).sum(dtype=np.int64))
    if found >= visible * FOUND_LEAST:
        return matte
    note = f"{matte.note} {KEPT_NOTE}" if matte.note else KEPT_NOTE
    return replace(matte, alpha=own, rgb=None, note=note)


def _visible(rgb: Rgb, alpha: Alpha) -> NDArray[np.int16]:
    """(n, 3): colours of a sample of the pixels that are at least half seen, or as much as any is."""
    places = np.flatnonzero(alpha >= max(1, min(128, int(alpha.max(initial=0)))))
    return rgb.reshape(-1, 3)[places[:: -(-len(places) // SAMPLE_PX) or 1]].astype(np.int16)


def _contrast(colours: NDArray[np.int16], candidate: Ground) -> float:
    distance = np.abs(colours - np.array(candidate, np.int16)).max(axis=1)
    return float(np.quantile(distance, LIKE_THE_GROUND, method="lower"))
