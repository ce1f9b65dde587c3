"""Lanczos3 resizing: exact where a cutout is enlarged, as Pillow's where a picture is brought to a model's size."""

import numpy as np
from cykooz_resizer import FilterType

from cutout.convolution import convolved
from cutout.outcome import Alpha, Rgb, Rgba, Size
from cutout.tile import Tile, tiles

LANCZOS3 = FilterType.lanczos3


def resize_rgba(rgba: Rgba, size: Size) -> Rgba:
    """(H, W, 4) straight alpha of another size; colour is 0 where alpha is 0.

    Colour is filtered premultiplied, and divided by alpha before either is clipped to 0..255: an even colour stays
    even up to the cutout's edge, where Lanczos overshoots. Colour and alpha are within 1/255 of the same in float64.

    Works in tiles: an empty one costs nothing, an opaque one half, and memory is that of the result and little more.
    """
    resized = np.zeros((size.height, size.width, 4), np.uint8)
    for tile in tiles(Size(rgba.shape[1], rgba.shape[0]), size):
        source = rgba[tile.source]
        if source[..., 3].min() == 255:
            resized[tile.target] = _opaque(source, tile)
        elif source[..., 3].any():
            resized[tile.target] = _translucent(source, tile)
    return resized


def resize_rgb(rgb: Rgb, size: Size) -> Rgb:
    """(H, W, 3) of another size, within 2/255 of Pillow's LANCZOS, and equal to it in 98 of 100 bytes."""
    return convolved(rgb, size, LANCZOS3)


def resize_alpha(alpha: Alpha, size: Size) -> Alpha:
    """(H, W) of another size, within 2/255 of Pillow's LANCZOS, and equal to it in 98 of 100 bytes."""
    return convolved(alpha, size, LANCZOS3)


def _opaque(source: Rgba, tile: Tile) -> Rgba:
    # 16 bits hold 0..255 as 0x4000..0x7FFF. Lanczos overshoots by up to 27 % along the rows; with room on both sides
    # it is clipped after the columns only, as float would be, and not in between, as 8 bits are.
    lifted = source.astype(np.uint16) * 64 + (0x4000 + 32)
    return (np.clip(convolved(lifted, tile.size, LANCZOS3, tile.crop), 0x4000, 0x7FFF) >> 6).astype(np.uint8)


def _translucent(source: Rgba, tile: Tile) -> Rgba:
    exact = convolved(source.astype(np.float32), tile.size, LANCZOS3, tile.crop, straight_alpha=True) + 0.5
    np.clip(exact, 0, 255, out=exact)
    with np.errstate(invalid="ignore"):  # where alpha is nearly 0, colour may be 0 / 0; it is wiped below
        rgba = exact.astype(np.uint8)
    pixels = rgba.view("<u4")  # alpha in the highest byte: several times faster than a mask
    pixels *= pixels >= 1 << 24
    return rgba
