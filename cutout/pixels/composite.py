"""Composites a picture and a matte into a cutout."""

import numpy as np

from cutout.pixels.foreground import decontaminate
from cutout.pixels.picture import Picture, with_alpha
from cutout.pixels.types import Alpha, Matte, Rgba


def compose(picture: Picture, matte: Matte, clean: bool) -> Rgba:
    """(H, W, 4) straight alpha, at most the picture's own alpha.

    With `clean`, the subject's own colours are estimated where alpha is soft and the model gave none (foreground.py).
    Colour under alpha 0 is zeroed, so that the background cannot be recovered.
    """
    rgba = with_alpha(picture.rgb if matte.rgb is None else matte.rgb, matte.alpha)
    if clean and matte.rgb is None:
        decontaminate(rgba, picture.alpha)
    if picture.alpha is not None:
        np.minimum(rgba[..., 3], picture.alpha, out=rgba[..., 3])
    pixels = rgba.view("<u4")[..., 0]  # alpha is the highest byte: many times faster than a mask
    pixels *= pixels >= 1 << 24
    return rgba


def normalised(matte: np.ndarray, faint: float = 0.05) -> Alpha:
    """uint8 alpha of a network's float output, stretched to the full range as rembg does.

    A matte whose peak is below `faint` has no subject: the alpha is 0. rembg stretches such a matte too, and makes
    a subject of noise. rembg also truncates, which leaves most of a subject at 254 and nothing opaque; here values are
    rounded.
    """
    low, peak = float(matte.min()), float(matte.max())
    if peak < faint or peak == low:
        return np.zeros(matte.shape, np.uint8)
    return np.rint((matte - low) * (255.0 / (peak - low))).astype(np.uint8)
