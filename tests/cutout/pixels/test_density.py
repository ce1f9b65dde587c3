"""The resolution that files say: written by us, read by others."""

import io
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.density import times
from cutout.pixels.encoding.encode import encode
from cutout.pixels.plain import OutputFormat

FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
PIXELS = np.full((4, 6, 3), 90, np.uint8)
MASK = np.full((4, 6), 90, np.uint8)


def said(data: bytes) -> tuple[float, float] | None:
    """What Pillow reads: a PNG's or JPEG's own field, else EXIF in inches."""
    image = Image.open(io.BytesIO(data))
    if "dpi" in image.info:
        return tuple(image.info["dpi"])
    tags = image.getexif()
    return (float(tags[282]), float(tags[283])) if tags.get(296) == 2 else None


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("pixels", [PIXELS, MASK])
@pytest.mark.parametrize("dpi", [(300.0, 300.0), (72.0, 72.0), (203.2, 96.0), (1.0, 9600.0)])
def test_every_format_says_it(output_format: OutputFormat, pixels: np.ndarray, dpi: tuple[float, float]) -> None:
    """Within half a unit of what the format counts in: PNG pixels a metre, JPEG whole pixels an inch."""
    found = said(encode(pixels, output_format, dpi=dpi))

    assert found == pytest.approx(dpi, abs=0.501 if output_format == "jpeg" else 0.02)


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_file_of_no_resolution_says_none(output_format: OutputFormat) -> None:
    """Nothing is made up."""
    data = encode(PIXELS, output_format)

    assert said(data) is None
    assert decode(data, LimitsSpec()).dpi is None if output_format != "avif" else True


@given(st.floats(1, 65535), st.floats(1, 65535), st.sampled_from([1, 2, 4]))
def test_any_resolution_can_be_written(across: float, down: float, factor: int) -> None:
    """Whatever a picture said, times the factor: a file comes out, and where its format can hold it, it is there."""
    larger = times((across, down), factor)
    assert larger == (across * factor, down * factor)
    assert times(None, factor) is None
    for output_format in FORMATS:
        found = said(encode(PIXELS, output_format, dpi=larger))
        assert found is None or found == pytest.approx(larger, rel=0.51)
        assert found or output_format == "jpeg"


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_we_read_what_we_write(output_format: OutputFormat) -> None:
    """A result that comes back as input has its resolution still."""
    assert decode(encode(PIXELS, output_format, dpi=(300, 150)), LimitsSpec()).dpi == pytest.approx(
        (300, 150), abs=0.02
    )
