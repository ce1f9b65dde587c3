"""Colour spaces given by primaries and transfer function, as PNG, HEIF and AVIF do, as ICC profiles.

So one conversion serves them and embedded profiles.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Xy: TypeAlias = tuple[float, float]
Primaries: TypeAlias = tuple[Xy, Xy, Xy, Xy]
"""CIE 1931 x and y of white, red, green and blue."""
Curve: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Transfer function: samples of 0 to 1 -> light of 0 to 1."""
_D65, _C = (0.3127, 0.3290), (0.310, 0.316)
SRGB: Primaries = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
BT2020: Primaries = (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
PRIMARIES: dict[int, Primaries] = {
    1: SRGB,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: (_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: BT2020,
    10: ((1 / 3, 1 / 3), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: (_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
"""ITU-T H.273, table 2."""
PQ, HLG = 16, 18
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_STEPS = 4096


def power(exponent: float) -> Curve:
    """The transfer function of a gamma."""
    return lambda value: value**exponent


def _srgb(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _smpte_240(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value < 0.0913, value / 4, ((value + 0.1115) / 1.1115) ** (1 / 0.45))


CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 11, 14, 15), power(2.4)),  # BT.709 and its relatives as displays show them: BT.1886
    4: power(2.2),
    5: power(2.8),
    7: _smpte_240,
    8: power(1.0),
    13: _srgb,
    17: lambda value: np.minimum(value**2.6 * 52.37 / 48, 1.0),
}
"""ITU-T H.273, table 3, without high dynamic range; as in Chromium."""


@dataclass(frozen=True, slots=True)
class HighRange:
    """A colour space of high dynamic range; high_range.py maps it to sRGB."""

    primaries: Primaries
    transfer: int
    """PQ or HLG."""


def coded(primaries: int, transfer: int) -> bytes | HighRange | None:
    """The colour space of two code points of H.273: an ICC profile, or high dynamic range; None when unknown."""
    if primaries not in PRIMARIES:
        return None
    if transfer in (PQ, HLG):
        return HighRange(PRIMARIES[primaries], transfer)
    return profile(PRIMARIES[primaries], CURVES[transfer]) if transfer in CURVES else None


def to_xyz(primaries: Primaries) -> NDArray[np.float64]:
    """3 x 3, linear RGB -> XYZ whose white is D50, adapted by Bradford.

    Raises:
        ValueError: the primaries span no colour space.
    """
    white, *colours = primaries
    if white[1] <= 0 or any(not 0 <= part <= 1 for point in primaries for part in point):
        raise ValueError("chromaticities of 0 to 1 are expected")
    span = np.array([[x, y, 1 - x - y] for x, y in colours]).T
    if abs(np.linalg.det(span)) < 1e-6:
        raise ValueError("primaries that span a space are expected")
    white_xyz = np.array([white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]])
    unadapted = span * np.linalg.solve(span, white_xyz)
    scale = (_BRADFORD @ _D50) / (_BRADFORD @ white_xyz)
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD @ unadapted
    return adapted


def profile(primaries: Primaries, curve: Curve) -> bytes:
    """An ICC profile, version 2, of a colour space; raises as `to_xyz` does."""
    columns = [struct.pack(">4s4x3i", b"XYZ ", *(round(v * 65536) for v in column)) for column in to_xyz(primaries).T]
    light = np.clip(curve(np.linspace(0, 1, _STEPS)), 0, 1) * 65535
    table = struct.pack(">4s4xI", b"curv", _STEPS) + light.round().astype(">u2").tobytes()
    white = struct.pack(">4s4x3i", b"XYZ ", *(round(v * 65536) for v in _D50))
    names = (b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ")
    start = 128 + 4 + 12 * (len(names) + 3)
    entries = [(name, start + 20 * at, 20) for at, name in enumerate(names)]
    entries += [(name, start + 80, len(table)) for name in (b"rTRC", b"gTRC", b"bTRC")]
    tags = struct.pack(">I", len(entries)) + b"".join(struct.pack(">4sII", *entry) for entry in entries)
    body = tags + b"".join([white, *columns, table])
    head = struct.pack(">I4xI4s4s4s12x4s", 128 + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head.ljust(68, b"\0") + struct.pack(">3i", *(round(v * 65536) for v in _D50)).ljust(60, b"\0") + body
