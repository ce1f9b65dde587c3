"""The edge of a cutout, moved inwards and softened; never outwards, where a cutout has no colours."""

import numpy as np
import scipy
from PIL import Image, ImageFilter

from cutout.pixels.crop import SEEN
from cutout.pixels.finish import Edge
from cutout.pixels.picture import other_alpha
from cutout.pixels.types import Alpha, Rgba


def edged(rgba: Rgba, edge: Edge) -> Rgba:
    """(H, W, 4): a cutout of straight alpha with another edge; colour is 0 where alpha is 0.

    A subject that the picture's border cuts off keeps its alpha there.
    """
    alpha = feathered(choked(np.ascontiguousarray(rgba[..., 3]), edge.choke_px), edge.feather_px)
    return other_alpha(rgba, alpha)


def choked(alpha: Alpha, radius_px: int) -> Alpha:
    """(H, W): each pixel takes the lowest alpha within a disc of that radius around it (grey erosion)."""
    if not radius_px:
        return alpha
    height = alpha.shape[0]
    padded = np.pad(alpha, ((radius_px, radius_px), (0, 0)), "edge")
    lowest = padded[radius_px : radius_px + height].copy()
    for off in range(radius_px + 1):
        half = int((radius_px**2 - off**2) ** 0.5)
        rows = scipy.ndimage.minimum_filter1d(padded, 2 * half + 1, axis=1, mode="nearest")
        for start in (radius_px - off, radius_px + off):
            np.minimum(lowest, rows[start : start + height], out=lowest)
    return lowest


def feathered(alpha: Alpha, width_px: int) -> Alpha:
    """(H, W): alpha times 0 at the edge of what is seen, growing to 1 at that distance inside it.

    What is half transparent inside, such as glass, keeps its alpha; strands thinner than the feather fade.
    """
    if not width_px:
        return alpha
    seen = Image.fromarray(np.where(alpha >= SEEN, np.uint8(255), np.uint8(0)))
    near = np.asarray(seen.filter(ImageFilter.GaussianBlur(width_px / 2)))  # half of 255 on the edge itself
    share = (np.maximum(near, 127) - np.uint8(127)).astype(np.uint16)  # 0 to 128
    faded: Alpha = ((alpha * share + np.uint16(64)) >> 7).astype(np.uint8)
    return faded
