"""Orientation and resolution, from EXIF of whatever shape."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.formats import exif
from tests.pictures.files import directory

TYPES = range(14)
TAGS = (
    254,
    256,
    258,
    262,
    271,
    272,
    273,
    274,
    282,
    283,
    296,
    305,
    306,
    529,
    531,
    532,
    33432,
    34665,
    34853,
    40961,
    42036,
)


def jpeg(tiff: bytes) -> bytes:
    """A JPEG of 60 x 30 pixels with that EXIF."""
    out = io.BytesIO()
    Image.new("RGB", (60, 30), (200, 30, 30)).save(out, "JPEG")
    app1 = b"Exif\0\0" + tiff
    return out.getvalue()[:2] + b"\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1 + out.getvalue()[2:]


@pytest.mark.parametrize("kind", TYPES)
def test_a_tag_of_an_unusual_type_costs_nothing(kind: int) -> None:
    """Whatever type and count another tag has, the picture is read, and turned as its orientation says."""
    for tag in TAGS:
        for count, value in ((0, b""), (1, b"72\0\0"), (3, b"\xff" * 12), (70_000, b"\x01\0\0\0")):
            entries = [(tag, kind, count, value)]
            if tag != 274:
                entries.append((274, 3, 1, b"\x06\0"))
            picture = decode(jpeg(directory(*sorted(entries))), LimitsSpec())

            assert picture.rgb.shape == ((60, 30, 3) if tag != 274 else (30, 60, 3)), (tag, kind, count)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("unit", "per_inch"), [(2, 1.0), (3, 2.54)])
def test_resolution_is_read_as_advice(order: str, unit: int, per_inch: float) -> None:
    """XResolution and YResolution come out in pixels an inch, and are turned with the picture."""
    tiff = directory(
        (274, 3, 1, struct.pack(order + "H", 6)),
        (282, 5, 1, struct.pack(order + "II", 300, 1)),
        (283, 5, 1, struct.pack(order + "II", 301, 2)),
        (296, 3, 1, struct.pack(order + "H", unit)),
        order=order,
    )

    assert exif.read(tiff) == exif.Exif(6, (300 * per_inch, 150.5 * per_inch))
    assert decode(jpeg(tiff), LimitsSpec()).dpi == (150.5 * per_inch, 300 * per_inch)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_formats_own_resolution_comes_first(form: str) -> None:
    """A PNG's pHYs and a JPEG's JFIF say the resolution; without any, or with one that is none, there is none."""
    for dpi, expected in (((300, 150), (300, 150)), (None, None), ((0, 0), None)):
        out = io.BytesIO()
        Image.new("RGB", (4, 4)).save(out, form, **({"dpi": dpi} if dpi else {}))
        found = decode(out.getvalue(), LimitsSpec()).dpi

        assert found == (None if expected is None else pytest.approx(expected, abs=0.02))


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_a_directory_that_breaks_off(cut: int) -> None:
    """EXIF of any length is advice or nothing, never an error."""
    tiff = directory((274, 3, 1, b"\x06\0"), (282, 5, 1, struct.pack("<II", 72, 1)), (283, 5, 1, b"\0" * 8))

    assert exif.read(tiff[:cut]).orientation in (1, 6)
    assert exif.read(np.random.default_rng(cut).bytes(cut)) == exif.Exif()
