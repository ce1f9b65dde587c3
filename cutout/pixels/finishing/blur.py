"""The photograph itself, blurred, to lie behind the subject that was cut out of it."""

import numpy as np
import scipy
from PIL import Image

from cutout.pixels.bleed import bled
from cutout.pixels.plain import Box, Size
from cutout.pixels.types import Alpha, Rgb

WORK_PX = 768
"""Longer side of the picture that is blurred; a blur needs no more."""
SOFT = 0.025
"""Sigma of the blur, as a share of the longer side."""


def blurred(photograph: Rgb, alpha: Alpha) -> Rgb:
    """(h, w, 3): an (H, W, 3) photograph, small and blurred, without the subject.

    Where the subject is, the colours of its surroundings continue (bleed.py): no halo of it surrounds the cutout, and
    no mirror image of it appears beyond the picture.

    Args:
        photograph: (H, W, 3).
        alpha: the subject's, of the same shape of sides in any size.
    """
    height, width = photograph.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(Image.fromarray(photograph).resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
    subject = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
    ground = np.maximum(1 - 2 * subject, 0)  # networks leave 1 or 2 % of ground within a subject
    filled = bled(np.moveaxis(small * ground[..., None], -1, 0), ground)
    sigma = max(size) * SOFT
    soft = scipy.ndimage.gaussian_filter(np.moveaxis(filled, 0, -1), (sigma, sigma, 0), mode="nearest")
    made: Rgb = (soft * 255 + 0.5).clip(0, 255).astype(np.uint8)
    return made


def seen(picture: Rgb, frame: Box, whole: Size, size: Size) -> Rgb:
    """(size.height, size.width, 3): what a frame shows of a picture; beyond its borders, its mirror image.

    Args:
        picture: (h, w, 3).
        frame: in pixels of a larger copy of the picture.
        whole: the size of that copy.
        size: of the result.
    """
    height, width = picture.shape[:2]
    across, down = width / whole.width, height / whole.height
    left, top = frame.left * across, frame.top * down
    right, bottom = frame.right * across, frame.bottom * down
    before = (max(0, int(-top) + 2), max(0, int(-left) + 2))
    after = (max(0, int(bottom) - height + 2), max(0, int(right) - width + 2))
    padded = np.pad(picture, ((before[0], after[0]), (before[1], after[1]), (0, 0)), "symmetric")
    scale_x, scale_y = (right - left) / size.width, (bottom - top) / size.height
    onto = (scale_x, 0.0, left + before[1], 0.0, scale_y, top + before[0])
    shown = Image.fromarray(padded).transform(
        (size.width, size.height), Image.Transform.AFFINE, onto, Image.Resampling.BILINEAR
    )
    return np.asarray(shown)
