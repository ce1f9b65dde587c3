"""Enlarging by a network of colours, in tiles, then back-projection.

A network sees three channels and knows nothing of alpha. So it is given colours that continue where the picture is
transparent (bleed.py), and alpha by itself, as a grey picture. What it makes is premultiplied, shrunk by Lanczos3 and
compared with the picture; the difference is added, enlarged by `back_projection`, so that the result, shrunk, is the
picture again. Tiles overlap by as much as a pixel of the result depends on: they leave no seam.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import Final, Protocol

import numpy as np

from cutout.errors import ModelError
from cutout.pixels.bleed import bled
from cutout.pixels.plain import Box, Size
from cutout.pixels.resizing.back_projection import sharp_matrix
from cutout.pixels.resizing.lanczos import matrix
from cutout.pixels.types import Plane, Planes, Rgba

TILE_PX: Final = 512
CORRECTION_PX: Final = 16
"""How far a pixel of the result depends on others by back-projection, in pixels of the picture."""


class Network(Protocol):
    """Enlarges colours."""

    factor: int
    reach_px: int
    """How far a pixel that it makes depends on others, in pixels of the picture."""

    def __call__(self, planes: Planes) -> Planes:
        """(3, h, w) in 0..1 -> (3, h * factor, w * factor); blocking."""
        ...


def detailed(rgba: Rgba, network: Network, given_up: Event | None = None) -> Rgba:
    """(H * factor, W * factor, 4) of (H, W, 4) straight alpha; colour is 0 where alpha is 0.

    Raises:
        ModelError: `given_up` was set before the last tile.
    """
    height, width = rgba.shape[:2]
    factor = network.factor
    counted = np.moveaxis(rgba, -1, 0).astype(np.float32) / np.float32(255)
    counted[:3] *= counted[3]
    straight = np.where(counted[3] == 1, counted[:3], bled(counted[:3], counted[3]).clip(0, 1))
    larger = np.zeros((height * factor, width * factor, 4), np.uint8)
    for tile in _tiles(Size(width, height), network.reach_px + CORRECTION_PX):
        if given_up and given_up.is_set():
            raise ModelError("Given up: nobody waits for this picture")
        part = counted[:, *tile.source]
        if part[3].any():
            larger[tile.target(factor)] = _packed(
                _made(part, straight[:, *tile.source], network)[:, *tile.core(factor)]
            )
    return larger


@dataclass(frozen=True, slots=True)
class _Tile:
    """A part of the result, and what of the picture it depends on; both in pixels of the picture."""

    part: Box
    seen: Box

    @property
    def source(self) -> tuple[slice, slice]:
        """What is seen, in the picture."""
        return _slices(self.seen, 1, 0, 0)

    def target(self, factor: int) -> tuple[slice, slice]:
        """The part, in the result."""
        return _slices(self.part, factor, 0, 0)

    def core(self, factor: int) -> tuple[slice, slice]:
        """The part, in what is made of what is seen."""
        return _slices(self.part, factor, self.seen.top, self.seen.left)


def _slices(box: Box, factor: int, top: int, left: int) -> tuple[slice, slice]:
    return (
        slice((box.top - top) * factor, (box.bottom - top) * factor),
        slice((box.left - left) * factor, (box.right - left) * factor),
    )


def _tiles(size: Size, reach_px: int) -> Iterator[_Tile]:
    for top in range(0, size.height, TILE_PX):
        for left in range(0, size.width, TILE_PX):
            part = Box(left, top, min(TILE_PX, size.width - left), min(TILE_PX, size.height - top))
            first, above = max(0, left - reach_px), max(0, top - reach_px)
            right, bottom = min(size.width, part.right + reach_px), min(size.height, part.bottom + reach_px)
            yield _Tile(part, Box(first, above, right - first, bottom - above))


def _made(counted: Planes, straight: Planes, network: Network) -> Planes:
    """(4, h * factor, w * factor), premultiplied, of (4, h, w) premultiplied and (3, h, w) straight."""
    alpha, colours = counted[3], network(straight).clip(0, 1)
    if alpha.min() == 1:
        made = np.concatenate([colours, np.ones((1, *colours.shape[1:]), np.float32)])
    else:
        grey = network(np.repeat(alpha[None], 3, axis=0)).mean(axis=0, keepdims=True).clip(0, 1)
        made = np.concatenate([colours * grey, grey])
    lost = counted - _resized(made, *(_down(side * network.factor, side) for side in alpha.shape))
    return made + _resized(lost, *(_up(side, side * network.factor) for side in alpha.shape))


@lru_cache(maxsize=8)
def _down(source_px: int, target_px: int) -> Plane:
    weights: Plane = matrix(source_px, target_px).toarray().astype(np.float32)
    return weights


@lru_cache(maxsize=8)
def _up(source_px: int, target_px: int) -> Plane:
    weights: Plane = sharp_matrix(source_px, target_px).toarray().astype(np.float32)
    return weights


def _resized(planes: Planes, rows: Plane, columns: Plane) -> Planes:
    made: Planes = (rows @ planes @ columns.T).astype(np.float32, copy=False)
    return made


def _packed(planes: Planes) -> Rgba:
    """(h, w, 4) bytes, straight, of (4, h, w) premultiplied."""
    alpha = planes[3].clip(0, 1)
    colours = np.divide(planes[:3], alpha, out=np.zeros_like(planes[:3]), where=alpha > 0).clip(0, 1)
    packed: Rgba = (np.moveaxis(np.concatenate([colours, alpha[None]]), 0, -1) * 255 + np.float32(0.5)).astype(np.uint8)
    packed[packed[..., 3] == 0] = 0
    return packed
