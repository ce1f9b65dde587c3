"""A picture and a matte become a cutout."""

import numpy as np

from cutout.pixels.foreground import decontaminate
from cutout.pixels.picture import Picture, with_alpha
from cutout.pixels.types import Alpha, Matte, Rgba


def compose(picture: Picture, matte: Matte, clean: bool) -> Rgba:
    """(H, W, 4) straight alpha. The picture's own alpha is never exceeded; what is fully transparent is black.

    With `clean`, colours under soft alpha are the subject's own, where the model gave none (foreground.py). Colour
    under alpha 0 is wiped, because a removed background must not leave the house with the cutout.
    """
    rgba = with_alpha(picture.rgb if matte.rgb is None else matte.rgb, matte.alpha)
    if clean and matte.rgb is None:
        decontaminate(rgba, picture.alpha)
    if picture.alpha is not None:
        np.minimum(rgba[..., 3], picture.alpha, out=rgba[..., 3])
    pixels = rgba.view("<u4")[..., 0]  # alpha in the highest byte: many times faster than a mask
    pixels *= pixels >= 1 << 24
    return rgba


def normalised(matte: np.ndarray, faint: float = 0.05) -> Alpha:
    """uint8 alpha of a network's float output, stretched to the full range as rembg does.

    A matte whose peak stays under `faint` found nothing: it is empty. rembg stretches that too, and makes a subject
    out of noise.
    """
    low, peak = float(matte.min()), float(matte.max())
    if peak < faint or peak == low:
        return np.zeros(matte.shape, np.uint8)
    return ((matte - low) * (255.0 / (peak - low))).astype(np.uint8)
