"""Lanczos3 resizing: exact where a cutout is enlarged, as Pillow's where a picture is brought to a model's size."""

import numpy as np
from cykooz_resizer import FilterType
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cutout.convolution import convolved
from cutout.cores import THREADS
from cutout.lanczos import Span, spans
from cutout.outcome import Alpha, Rgb, Rgba, Size

LANCZOS3 = FilterType.lanczos3
# A tile's product is small, and the tiles have a thread a core: threads below them, in BLAS, would only be in the way.
threadpool_limits(1, "blas")


def resize_rgba(rgba: Rgba, size: Size) -> Rgba:
    """(H, W, 4) straight alpha of another size; colour is 0 where alpha is 0.

    Colour is filtered premultiplied, and divided by alpha before either is clipped to 0..255: an even colour stays
    even up to the cutout's edge, where Lanczos overshoots. Colour and alpha are within 1/255 of the same in float64.

    Works in tiles, on all cores: an empty one costs nothing, an opaque one less, and memory is that of the result and
    little more.
    """
    resized = np.zeros((size.height, size.width, 4), np.uint8)
    pixels = resized.view("<u4")[..., 0]
    columns = list(spans(rgba.shape[1], size.width))

    def strip(rows: Span) -> None:
        for across in columns:
            _resize(rgba[rows.source, across.source], rows, across, pixels[rows.target, across.target])

    list(THREADS.map(strip, spans(rgba.shape[0], size.height)))
    return resized


def resize_rgb(rgb: Rgb, size: Size) -> Rgb:
    """(H, W, 3) of another size, within 2/255 of Pillow's LANCZOS, and equal to it in 98 of 100 bytes."""
    return convolved(rgb, size, LANCZOS3)


def resize_alpha(alpha: Alpha, size: Size) -> Alpha:
    """(H, W) of another size, within 2/255 of Pillow's LANCZOS, and equal to it in 98 of 100 bytes."""
    return convolved(alpha, size, LANCZOS3)


def _resize(source: Rgba, rows: Span, columns: Span, target: NDArray[np.uint32]) -> None:
    """Write one tile, as pixels of four bytes, alpha the highest."""
    alpha = source[..., 3]
    opaque = alpha.min() == 255
    if not (opaque or alpha.any()):
        return
    planes = np.empty((3 if opaque else 4, *alpha.shape), np.float32)
    for channel, plane in enumerate(planes):
        plane[...] = source[..., channel]
    if not opaque:
        planes[:3] *= planes[3]
    wide = planes.reshape(-1, alpha.shape[1]) @ columns.weights.T
    _pack(rows.weights @ wide.reshape(len(planes), len(alpha), -1), target)


def _pack(planes: NDArray[np.float32], target: NDArray[np.uint32]) -> None:
    """Three planes of opaque colour in 0..255, or four, premultiplied and alpha last, rounded into pixels."""
    with np.errstate(divide="ignore", invalid="ignore"):  # colour of no alpha is no number; it is wiped below
        if len(planes) == 4:
            planes[:3] /= planes[3]
        planes += 0.5
        np.clip(planes, 0, 255, out=planes)
        red, green, blue, *alpha = planes.astype(np.int32).view(np.uint32)
    for channel in (green, red):
        blue <<= 8
        blue |= channel
    if alpha:
        blue *= alpha[0] > 0
        alpha[0] <<= 24
    np.bitwise_or(blue, alpha[0] if alpha else np.uint32(0xFF000000), out=target)
