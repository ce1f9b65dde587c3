"""Tone mapping of high dynamic range (PQ, HLG) to sRGB, as in Chromium.

Light is measured in units of the reference white of 203 cd/m2 (ITU-R BT.2408). Up to that white it is halved; from
there to 1,000 cd/m2 a curve leads to the display's white (the tone mapping of SMPTE ST 2094-50 by reference white).
The gain of a pixel depends on the brightest of its three channels in BT.2020, so that its hue stays.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cutout.pixels.formats.colour_space import BT2020, PQ, SRGB, HighRange, to_xyz
from cutout.pixels.types import Rgb

_WHITE, _PEAK = 203.0, 1000.0
_MOST = _PEAK / _WHITE
_KNEE = np.array([1.0, 0.5])
_BEND = np.array([1.65, 0.825])
_STEPS = 16_383
_PART = 1 << 16
"""Colours converted at a time; each takes 80 bytes meanwhile."""
_KNOWN = np.uint32(1 << 24)


def to_srgb(space: HighRange) -> Callable[[Rgb], Rgb]:
    """A function from (H, W, 3) samples, part by part of a picture, to sRGB; each colour is converted once."""
    convert = _conversion(space)
    known = np.zeros(1 << 24, np.uint32)  # by colour, red in the lowest byte; pages are allocated when they are used

    def shown(rgb: Rgb) -> Rgb:
        colours = _packed(rgb)
        fresh = np.unique(colours[known[colours] == 0])
        for at in range(0, len(fresh), _PART):
            part = fresh[at : at + _PART]
            known[part] = _packed(convert(_unpacked(part))) | _KNOWN
        return _unpacked(known[colours])

    return shown


def _packed(rgb: Rgb) -> NDArray[np.uint32]:
    wide = np.zeros((*rgb.shape[:-1], 4), np.uint8)
    wide[..., :3] = rgb
    return wide.view("<u4")[..., 0]


def _unpacked(colours: NDArray[np.uint32]) -> Rgb:
    return colours.astype("<u4", copy=False).view(np.uint8).reshape(*colours.shape, 4)[..., :3]


def _conversion(space: HighRange) -> Callable[[Rgb], Rgb]:
    """(N, 3) samples -> (N, 3) sRGB."""
    light = _light_by_sample(space.transfer)
    to_wide = np.linalg.solve(to_xyz(BT2020), to_xyz(space.primaries)).astype(np.float32)
    to_screen = np.linalg.solve(to_xyz(SRGB), to_xyz(space.primaries)).astype(np.float32)

    def convert(rgb: Rgb) -> Rgb:
        part = light[rgb]
        wide = np.maximum(part @ to_wide.T, 0)
        gain = np.ones(len(wide), np.float32)
        if space.transfer != PQ:  # HLG is scene light: a display of 1,000 cd/m2 has a system gamma of 1.2
            gain = (wide @ np.array([0.2627, 0.6780, 0.0593], np.float32)) ** np.float32(0.2) * np.float32(_MOST)
        gain *= _gain_by_peak(wide.max(1) * gain)
        return _samples((part @ to_screen.T) * gain[:, None])

    return convert


def _light_by_sample(transfer: int) -> NDArray[np.float32]:
    """The light of each of 256 samples: for PQ in reference whites, for HLG relative to the scene's brightest."""
    sample = np.linspace(0, 1, 256)
    if transfer == PQ:
        root = sample ** (32 / 2523)
        light = (np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)) ** (16384 / 2610)
        return (light * 10_000 / _WHITE).astype(np.float32)
    return np.where(
        sample <= 0.5, sample**2 / 3, (np.exp((sample - 0.55991073) / 0.17883277) + 0.28466892) / 12
    ).astype(np.float32)


def _gain_by_peak(peak: NDArray[np.float32]) -> NDArray[np.float32]:
    """The gain of a pixel, by its brightest channel."""
    bent = np.clip(peak, _KNEE[0], _MOST)
    # The curve is a quadratic Bezier from the knee by the bend to (most, 1), solved for its parameter here.
    a, b, c = _KNEE[0] - 2 * _BEND[0] + _MOST, 2 * (_BEND[0] - _KNEE[0]), _KNEE[0] - bent
    t = (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)
    shown = (1 - t) ** 2 * _KNEE[1] + 2 * t * (1 - t) * _BEND[1] + t**2
    return np.where(peak <= _KNEE[0], np.float32(_KNEE[1]), (shown / np.maximum(peak, bent)).astype(np.float32))


def _samples(light: NDArray[np.float32]) -> Rgb:
    """Samples of sRGB by a lookup table: computing each power would take longer than all the rest."""
    return _SAMPLES[(np.clip(light, 0, 1) * np.float32(_STEPS)).astype(np.uint16)]


def _table() -> Rgb:
    light = (np.arange(_STEPS + 1) + 0.5) / _STEPS
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return (np.clip(value, 0, 1) * 255 + 0.5).astype(np.uint8)


_SAMPLES = _table()
