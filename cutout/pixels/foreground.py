"""Foreground estimation: the subject's own colour where alpha is soft and the old background shows through.

A pixel I = aF + (1 - a)B is one equation for two colours; F and B vary slowly, so the neighbourhood gives the rest. As
in Germer, Uelwer, Conrad and Harmeling, "Fast Multi-Level Foreground Estimation" (2020, arXiv:2006.14970), this is
solved for a tiny picture first and then for ever larger ones. As in Forte, "Approximate Fast Foreground Colour
Estimation" (2021), neighbours enter as an average weighted by alpha, and a pixel's solution has a closed form: both
estimates, plus the residual, shared out between them.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cutout.pixels.bleed import bled
from cutout.pixels.types import Alpha, Rgba

FAINTEST = 2
"""Alpha this near to 0 or 255 does not count as soft: 1 % is invisible, and networks leave it nearly everywhere."""
PASSES = 3
"""Iterations on each level, each with the averages of the one before."""
DAMPING = 0.02
"""Weight of the neighbours against the pixel's own equation."""
DENSE_PX = 128 * 1024
"""Most pixels of a level that is solved everywhere; larger levels are solved only where alpha is soft."""
BAND_PX = 128 * 1024
"""Pixels searched for soft ones at a time, so that intermediate results fit the processor's cache."""
MARGIN_PX = 32
"""Surroundings of the soft pixels that are taken into account."""

_FAINT = np.float32(1e-4)  # least weight of a colour, so that pixels without neighbours take theirs from afar

Places: TypeAlias = NDArray[np.intp]
"""(n,) rows or columns."""
Planes: TypeAlias = NDArray[np.float32]
"""(4, h, w), or (4, n) for some of the pixels, in 0..1: red, green, blue, alpha."""
Colours: TypeAlias = NDArray[np.float32]
"""(2, 3, …) in 0..1: the foreground's and the background's."""
Layers: TypeAlias = NDArray[np.float32]
"""(2, 4, …), foreground and background: colours times their weight, and the weight."""


def decontaminate(rgba: Rgba, own: Alpha | None = None) -> None:
    """Replace colours by the subject's own where alpha is soft, in place, (H, W, 4).

    `own` is the alpha that the picture came with, (H, W). Where it is below 255 no background shows through: the
    colour is the subject's already and stays. Where it is 0, the colour is ignored.
    """
    alpha = rgba[..., 3].copy()  # contiguous: compared many times faster
    soft = (alpha > FAINTEST) & (alpha < 255 - FAINTEST)
    if own is not None:
        soft &= own == 255
    if soft.any():
        region = _surroundings(soft)
        picture = rgba[region].copy()
        _replace(picture, soft[region], None if own is None else own[region])
        rgba[region] = picture


def _replace(picture: Rgba, soft: NDArray[np.bool_], own: Alpha | None) -> None:
    """Write the subject's colours into the picture where alpha is soft."""
    shrink = _shrink(picture)
    small = _planes(_reduced(picture, shrink)) if own is None else _visible(picture, own, shrink)
    both = _Coarse(_separate(small), shrink)
    width, pixels = (
        soft.shape[1],
        picture.reshape(-1, 4).view("<u4")[:, 0],
    )  # one integer a pixel
    step = max(1, BAND_PX // width)
    for first in range(0, len(soft), step):
        band = soft[first : first + step]
        places = np.flatnonzero(band)
        seen = pixels.take(places + first * width).view(np.uint8).reshape(-1, 4)
        guess = _straight(both.at(range(first, first + len(band)), *np.divmod(places, width)))
        subject = _Equation(_planes(seen)).foreground(guess)
        seen[:, :3] = (subject * 255 + 0.5).T
        pixels[places + first * width] = seen.view("<u4")[:, 0]


class _Coarse:
    """Foreground and background of a shrunk picture, interpolated between its pixels."""

    def __init__(self, layers: Layers, shrink: int) -> None:
        self._height, self._width = layers.shape[2:]
        self._pixels = np.moveaxis(layers.reshape(8, self._height, self._width), 0, -1).copy()
        """(h, w, 8): the values of one pixel are contiguous."""
        self._shrink = shrink

    def at(self, band: range, rows: Places, columns: Places) -> Layers:
        """Both at some pixels of a band of the whole picture's rows, (2, 4, n), by bilinear interpolation.

        `rows` are counted from the band's first.
        """
        upper, lower, down = self._between(np.arange(band.start, band.stop), self._height)
        down = down[:, None, None]
        lines = self._pixels[upper] * (1 - down)
        lines += self._pixels[lower] * down
        left, right, across = self._between(columns, self._width)
        start = rows * self._width
        mixed = _shares(lines, start + left, 1 - across)
        mixed += _shares(lines, start + right, across)
        return mixed.reshape(2, 4, -1)

    def _between(self, places: Places, length: int) -> tuple[Places, Places, NDArray[np.float32]]:
        """Along one side: the coarse pixels before and after each place, and how far it is from the first, 0..1."""
        position = places.astype(np.float32)
        position = np.clip((position + 0.5) / self._shrink - 0.5, 0, length - 1)
        before = position.astype(np.intp)
        return before, np.minimum(before + 1, length - 1), position - before.astype(np.float32)


def _shares(lines: NDArray[np.float32], places: Places, weight: NDArray[np.float32]) -> Planes:
    return np.multiply(lines.reshape(-1, 8).take(places, axis=0).T, weight, order="C")


def _separate(picture: Planes) -> Layers:
    """Foreground and background of `picture`, from those of the picture at half its size."""
    equation = _Equation(picture)
    if picture[0].size == 1:
        return equation.layers(np.stack([picture[:3]] * 2))
    layers = _separate(_halved(picture) * np.float32(1 / 4))
    for again in range(PASSES):
        wide = _doubled(_doubled(_halved(layers) if again else layers, 3), 2)
        layers = equation.layers(equation.solved(_straight(wide[..., : picture.shape[1], : picture.shape[2]])))
    return layers


class _Equation:
    """I = aF + (1 - a)B for every pixel of a picture, solved near an estimate."""

    def __init__(self, picture: Planes) -> None:
        self._colours, alpha = picture[:3], picture[3:]
        self._shares = np.stack([alpha, 1 - alpha])
        self._weight = 1 / ((self._shares**2).sum(axis=0) + DAMPING)

    def solved(self, guess: Colours) -> Colours:
        """Colours of both layers that explain the picture and stay near the estimates."""
        colours = self._shares * self._unexplained(guess)
        colours += guess
        return np.clip(colours, 0, 1, out=colours)

    def foreground(self, guess: Colours) -> NDArray[np.float32]:
        """The first of `solved` alone, (3, …)."""
        colours: NDArray[np.float32] = self._shares[0] * self._unexplained(guess)
        colours += guess[0]
        return np.clip(colours, 0, 1, out=colours)

    def layers(self, colours: Colours) -> Layers:
        """The colours, weighted by their share of the pixel."""
        layers = np.empty((2, 4, *colours.shape[2:]), np.float32)
        np.add(self._shares, _FAINT, out=layers[:, 3:])
        np.multiply(colours, layers[:, 3:], out=layers[:, :3])
        return layers

    def _unexplained(self, guess: Colours) -> NDArray[np.float32]:
        left: NDArray[np.float32] = self._colours - self._shares[0] * guess[0]
        left -= self._shares[1] * guess[1]
        left *= self._weight
        return left


def _straight(layers: Layers) -> Colours:
    return layers[:, :3] / layers[:, 3:]


def _halved(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of 2 x 2 pixels; on a side of odd length the last pixels count twice."""
    for axis in (-2, -1):
        if planes.shape[axis] % 2:
            planes = np.concatenate([planes, planes.take([-1], axis=axis)], axis=axis)
    rows = planes[..., 0::2, :] + planes[..., 1::2, :]
    return rows[..., 0::2] + rows[..., 1::2]


def _doubled(layers: Layers, axis: int) -> Layers:
    """Doubled along one axis by bilinear interpolation, times 4: three parts the nearer pixel, one part the next."""
    shape = [2 * length if at == axis else length for at, length in enumerate(layers.shape)]
    longer = np.empty(shape, np.float32)
    given, made = np.moveaxis(layers, axis, 0), np.moveaxis(longer, axis, 0)
    nearer = given * 3
    np.add(nearer[1:], given[:-1], out=made[2::2])
    np.add(nearer[:-1], given[1:], out=made[1:-1:2])
    np.add(nearer[0], given[0], out=made[0])
    np.add(nearer[-1], given[-1], out=made[-1])
    return longer


def _planes(pixels: Rgba) -> Planes:
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0)) * np.float32(1 / 255)


def _reduced(picture: Rgba, shrink: int) -> Rgba:
    """Averages of squares. As RGBX, since Pillow would weight the colours of RGBA by their alpha."""
    size = picture.shape[1::-1]
    return np.asarray(Image.frombuffer("RGBX", size, picture, "raw", "RGBX", 0, 1).reduce(shrink))


def _visible(picture: Rgba, own: Alpha, shrink: int) -> Planes:
    """As `_reduced`, with colours weighted by the picture's own alpha; where nothing is visible, the nearest colour."""
    counted = picture.copy()
    for channel in range(3):
        counted[..., channel] = (picture[..., channel] * own.astype(np.uint16) + 127) // 255
    planes = _planes(_reduced(counted, shrink))
    seen = np.asarray(Image.fromarray(own).reduce(shrink)) * np.float32(1 / 255)
    planes[:3] = bled(planes[:3], seen)
    return planes


def _shrink(picture: Rgba) -> int:
    height, width = picture.shape[:2]
    shrink = 2
    while height * width > DENSE_PX * shrink**2:
        shrink *= 2
    return shrink


def _surroundings(soft: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(soft.any(axis=1)), np.flatnonzero(soft.any(axis=0))
    return _span(rows), _span(columns)


def _span(places: NDArray[np.intp]) -> slice:
    return slice(max(0, int(places[0]) - MARGIN_PX), int(places[-1]) + MARGIN_PX + 1)
