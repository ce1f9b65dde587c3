"""The subject's own colour where it is half transparent and the old background shines through.

A pixel I = aF + (1 - a)B gives one equation for two colours. The other half is taken from the neighbourhood: F and B
vary slowly. As in Germer, Uelwer, Conrad and Harmeling, "Fast Multi-Level Foreground Estimation" (2020,
arXiv:2006.14970), this is solved for a tiny picture first and then for ever larger ones. As in Forte, "Approximate
Fast Foreground Colour Estimation" (2021), what neighbours say is an average weighted by alpha, and a pixel's solution
is in closed form: the guesses, plus what they leave unexplained, shared out between the two.
"""

from typing import Any, TypeAlias

import numpy as np
from cykooz_resizer import FilterType
from numpy.typing import NDArray

from cutout.convolution import convolved
from cutout.outcome import Rgba, Size

FAINTEST = 2
"""Alpha this near to 0 or 255 is not soft: nobody sees 1 % of a colour, and networks leave it nearly everywhere."""
PASSES = 3
"""Times that each level is solved, every time with the averages of the last."""
DAMPING = 0.02
"""How much a pixel trusts its neighbours against its own equation."""
DENSE_PX = 128 * 1024
"""Most pixels of the largest level that is solved everywhere; above it, only where alpha is soft."""
BAND_PX = 128 * 1024
"""Pixels that are looked at together for soft ones, so that what is made of them stays in the processor's cache."""
MARGIN_PX = 32
"""Surroundings of the soft pixels that are looked at."""

_FAINT = np.float32(1e-4)  # a weight where there is no other: what has no neighbours takes its colour from afar

Places: TypeAlias = NDArray[np.intp]
"""(n,) rows or columns."""
Layer: TypeAlias = NDArray[np.float32]
"""(h, w, 4), or (n, 4) for some of the pixels, in 0..1: colours, and how much each counts for its neighbours."""


def decontaminate(rgba: Rgba) -> None:
    """Leave the subject's own colours where alpha is soft, in place, (H, W, 4). Elsewhere the picture's stay."""
    alpha = rgba[..., 3].copy()  # one run of bytes: compared many times faster
    soft = (alpha > FAINTEST) & (alpha < 255 - FAINTEST)
    if soft.any():
        region = _surroundings(soft)
        picture = rgba[region].copy()
        _replace(picture, soft[region])
        rgba[region] = picture


def _replace(picture: Rgba, soft: NDArray[np.bool_]) -> None:
    """Write the subject's colours into the picture where it is soft."""
    both = np.concatenate(_separate(_unit(convolved(picture, _coarse_size(picture), FilterType.box))), axis=2)
    both.reshape(-1, 2, 4)[..., :3] *= both.reshape(-1, 2, 4)[..., 3:]
    width, pixels = soft.shape[1], picture.reshape(-1, 4).view("<u4")[:, 0]  # one number a pixel, to take and to put
    step = max(1, BAND_PX // width)
    for first in range(0, len(soft), step):
        places = np.flatnonzero(soft[first : first + step]) + first * width
        seen = pixels.take(places).view(np.uint8).reshape(-1, 4)
        subject = _Equation(_unit(seen)).foreground(*_sampled(both, _size(picture), *np.divmod(places, width)))
        clean = (subject * 255 + 0.5).astype(np.uint8)
        clean[:, 3] = seen[:, 3]
        pixels[places] = clean.view("<u4")[:, 0]


def _sampled(both: Layer, size: Size, rows: Places, columns: Places) -> tuple[Layer, Layer]:
    """Foreground and background at some pixels of a picture of `size`, by bilinear interpolation of coarse ones.

    `both` is (h, w, 8), premultiplied by what each colour counts.
    """
    height, width = both.shape[:2]
    upper, lower, down = _between(rows, height, size.height)
    left, right, across = _between(columns, width, size.width)
    pixels = both.reshape(-1, 8)
    mixed = pixels.take(upper * width + left, axis=0) * ((1 - down) * (1 - across))[:, None]
    mixed += pixels.take(upper * width + right, axis=0) * ((1 - down) * across)[:, None]
    mixed += pixels.take(lower * width + left, axis=0) * (down * (1 - across))[:, None]
    mixed += pixels.take(lower * width + right, axis=0) * (down * across)[:, None]
    for layer in (layers := (mixed[:, :4], mixed[:, 4:])):
        layer[:, :3] /= layer[:, 3:]
    return layers


def _between(places: Places, coarse_px: int, fine_px: int) -> tuple[Places, Places, NDArray[np.float32]]:
    """Along one side: the coarse pixels before and after each place, and how far it is from the first, 0..1."""
    position = np.clip((places + 0.5) * (coarse_px / fine_px) - 0.5, 0, coarse_px - 1)
    before = position.astype(np.intp)
    return before, np.minimum(before + 1, coarse_px - 1), (position - before).astype(np.float32)


def _separate(picture: Layer) -> tuple[Layer, Layer]:
    """Foreground and background of `picture`, (h, w, 4) with alpha, by way of one half its size."""
    size, equation = _size(picture), _Equation(picture)
    if size == Size(1, 1):
        return equation.solved(picture, picture)
    half = Size(-(-size.width // 2), -(-size.height // 2))
    foreground, background = _separate(convolved(picture, half, FilterType.box))
    for again in range(PASSES):
        if again:
            foreground, background = _averaged(foreground, half), _averaged(background, half)
        foreground, background = equation.solved(_enlarged(foreground, size), _enlarged(background, size))
    return foreground, background


class _Equation:
    """I = aF + (1 - a)B for every pixel of a picture, and how to meet it near a guess."""

    def __init__(self, picture: Layer) -> None:
        self._picture = picture
        self._alpha = np.repeat(picture[..., 3], 4).reshape(picture.shape)  # once a channel: faster than broadcasting
        self._clear = 1 - self._alpha
        self._weight = 1 / (self._alpha * self._alpha + self._clear * self._clear + DAMPING)

    def solved(self, foreground: Layer, background: Layer) -> tuple[Layer, Layer]:
        """Both layers so that together they make the picture, and stay near the guesses."""
        unexplained = self._unexplained(foreground, background)
        return _updated(foreground, unexplained, self._alpha), _updated(background, unexplained, self._clear)

    def foreground(self, foreground: Layer, background: Layer) -> Layer:
        """The first of `solved` alone."""
        return _updated(foreground, self._unexplained(foreground, background), self._alpha)

    def _unexplained(self, foreground: Layer, background: Layer) -> Layer:
        left = self._picture - self._alpha * foreground
        left -= self._clear * background
        left *= self._weight
        return left


def _updated(guess: Layer, unexplained: Layer, share: Layer) -> Layer:
    layer = share * unexplained
    layer += guess
    np.clip(layer, 0, 1, out=layer)
    layer[..., 3] = share[..., 3] + _FAINT
    return layer


def _averaged(layer: Layer, size: Size) -> Layer:
    return convolved(layer, size, FilterType.box, straight_alpha=True)


def _enlarged(layer: Layer, size: Size) -> Layer:
    return convolved(layer, size, FilterType.bilinear, straight_alpha=True)


def _unit(pixels: Rgba) -> Layer:
    return pixels * np.float32(1 / 255)


def _size(pixels: NDArray[Any]) -> Size:
    return Size(pixels.shape[1], pixels.shape[0])


def _coarse_size(picture: Rgba) -> Size:
    height, width = picture.shape[:2]
    shrink = 2
    while height * width > DENSE_PX * shrink**2:
        shrink *= 2
    return Size(-(-width // shrink), -(-height // shrink))


def _surroundings(soft: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(soft.any(axis=1)), np.flatnonzero(soft.any(axis=0))
    return _span(rows), _span(columns)


def _span(places: NDArray[np.intp]) -> slice:
    return slice(max(0, int(places[0]) - MARGIN_PX), int(places[-1]) + MARGIN_PX + 1)
