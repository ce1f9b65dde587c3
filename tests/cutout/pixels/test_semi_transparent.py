"""The share of semi-transparent pixels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cutout.pixels.encoding.encode import encode
from cutout.pixels.plain import OutputFormat, Size
from cutout.pixels.resizing.resize import resize_rgba, resized_strips
from cutout.pixels.semi_transparent import counted, share_of
from cutout.pixels.strips import opaque

ALPHA = np.array([[0, 0, 1, 254, 255, 255, 255, 0]], np.uint8)
CUTOUT = np.dstack([ALPHA] * 4)


@pytest.mark.parametrize(
    ("pixels", "share"),
    [
        (ALPHA, 0.4), (CUTOUT, 0.4), (CUTOUT[:, ::-1], 0.4), (CUTOUT[..., :3], 0.0),
        (np.zeros((3, 3, 4), np.uint8), 0.0), (np.full((3, 3, 4), 255, np.uint8), 0.0),
    ],
    ids=["mask", "cutout", "view", "opaque", "empty", "full"],
)  # fmt: skip
def test_known_cases(pixels: NDArray[np.uint8], share: float) -> None:
    """Of the pixels that are not fully transparent, those of 1 to 254."""
    assert share_of(pixels) == share
    assert counted(pixels)[1]() == share


@pytest.mark.parametrize("output_format", ["png", "webp"])
def test_a_picture_in_strips_is_counted_while_it_is_written(output_format: OutputFormat) -> None:
    """Its share is that of the whole, and its file is the same."""
    rgba, size = np.random.default_rng(5).integers(0, 256, (90, 60, 4), np.uint8), Size(240, 360)
    rgba[:40, :, 3] = 255
    whole = resize_rgba(rgba, size)

    strips, share = counted(resized_strips(rgba, size))
    file = encode(strips, output_format)

    assert file == encode(whole, output_format)
    assert share() == share_of(whole)
    assert 0 < share() < 1


def test_opaque_strips_have_none() -> None:
    """Without their alpha, nothing is semi-transparent."""
    rgba = np.full((30, 30, 4), 9, np.uint8)

    strips, share = counted(opaque(resized_strips(rgba, Size(60, 60))))
    encode(strips, "jpeg")

    assert share() == 0
