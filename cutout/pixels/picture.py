"""A decoded picture: its pixels, its alpha, its resolution."""

from dataclasses import dataclass

import numpy as np

from cutout.pixels.plain import Colour, Dpi, Size
from cutout.pixels.types import Alpha, Plane, Rgb, Rgba


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture of H x W pixels, sRGB, upright."""

    rgb: Rgb
    """(H, W, 3) uint8."""
    alpha: Alpha | None = None
    """(H, W) uint8 when some pixel is transparent, else None."""
    dpi: Dpi | None = None
    """Resolution, where the file states it; no pixel depends on it."""
    idle_alpha: bool = False
    """Whether the file has an alpha channel, but no pixel is transparent."""
    edge_strength: Plane | None = None
    """`mattes.edges.strength` of what is shown, where several mattes of it are compared: computed once for them all."""

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return Size(self.rgb.shape[1], self.rgb.shape[0])

    @property
    def has_alpha(self) -> bool:
        """Whether the file has an alpha channel, or a colour that counts as transparent."""
        return self.alpha is not None or self.idle_alpha

    def on(self, ground: Colour) -> Rgb:
        """(H, W, 3): the picture on a ground of one colour."""
        if self.alpha is None:
            return self.rgb
        alpha = self.alpha[..., None].astype(np.uint16)
        return ((self.rgb * alpha + np.array(ground, np.uint16) * (255 - alpha) + 127) // 255).astype(np.uint8)

    def on_white(self) -> Rgb:
        """(H, W, 3): the picture on white."""
        return self.on((255, 255, 255))

    def rgba(self) -> Rgba:
        """(H, W, 4) straight alpha; opaque where the picture has none."""
        alpha = np.full(self.rgb.shape[:2], 255, np.uint8) if self.alpha is None else self.alpha
        return with_alpha(self.rgb, alpha)


def with_alpha(rgb: Rgb, alpha: Alpha) -> Rgba:
    """(H, W, 4) of (H, W, 3) and (H, W). Copies channel by channel: four times faster than numpy.dstack."""
    rgba = np.empty((*alpha.shape, 4), np.uint8)
    for channel in range(3):
        rgba[..., channel] = rgb[..., channel]
    rgba[..., 3] = alpha
    return rgba


def other_alpha(rgba: Rgba, alpha: Alpha) -> Rgba:
    """(H, W, 4): a cutout of straight alpha with another alpha, (H, W); colour is 0 where that is 0."""
    made = rgba.copy()
    made[..., 3] = alpha
    pixels = made.view("<u4")[..., 0]
    pixels *= alpha > 0
    return made
