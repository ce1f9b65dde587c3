"""A matte that was mended by hand: which files are taken, and the cutout that is made of it."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, PngImagePlugin

from cutout.errors import InvalidFormat
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.mended import bare_matte, mended
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha

GREYS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def saved(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def test_every_sample_stays_as_it_is() -> None:
    """Neither a gamma nor a colour that counts as transparent changes a matte's samples, of which all 256 may occur."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", struct.pack(">I", 100_000))
    file = saved(Image.fromarray(GREYS), pnginfo=chunks, transparency=7)

    read = decode(bare_matte(file, "mask"), LimitsSpec())

    np.testing.assert_array_equal(read.rgb[..., 0], GREYS)
    assert read.alpha is None


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "LA", "I;16"])
def test_other_pixels_are_refused(mode: str) -> None:
    """A matte is grey with 8 bits; the message says what was sent."""
    with pytest.raises(InvalidFormat, match=r"^mask: a grey PNG of 8 bits a sample expected, not .+ of \d+ bits$"):
        bare_matte(saved(Image.new(mode, (4, 4))), "mask")


@pytest.mark.parametrize("file", [b"", b"no png", b"\x89PNG\r\n\x1a\n", saved(Image.fromarray(GREYS))[:30]])
def test_what_is_no_png_is_refused(file: bytes) -> None:
    """Something else, and the mere beginning of a file."""
    with pytest.raises(InvalidFormat, match=r"^mask: a grey PNG of 8 bits") as refusal:
        bare_matte(file, "mask")

    assert refusal.value.details["field"] == "mask"


def test_a_png_of_endless_chunks_is_refused() -> None:
    """Its message says how many are read."""
    empty = struct.pack(">I", 0) + b"teXt" + struct.pack(">I", zlib.crc32(b"teXt"))

    with pytest.raises(InvalidFormat, match="chunks"):
        bare_matte(b"\x89PNG\r\n\x1a\n" + empty * 100_001, "mask")


@given(arrays(np.uint8, (9, 7)), arrays(np.uint8, (9, 7)))
def test_the_alpha_is_the_masks_and_unchanged_pixels_stay(alpha: Alpha, earlier: Alpha) -> None:
    """The alpha is exact; where it has not changed, a cutout keeps its own colours; under alpha 0 is no colour."""
    picture = Picture(np.full((9, 7, 3), (10, 20, 30), np.uint8))
    before = np.dstack([np.full((9, 7, 3), 200, np.uint8), earlier])

    rgba = mended(picture, alpha, before, clean=True)

    same = alpha == earlier
    np.testing.assert_array_equal(rgba[..., 3], alpha)
    np.testing.assert_array_equal(rgba[same], before[same])
    assert (np.abs(rgba[~same & (alpha > 0)][:, :3].astype(int) - (10, 20, 30)) <= 1).all()
    assert not rgba[~same & (alpha == 0)].any()


def test_a_transparent_picture_is_the_limit() -> None:
    """What was transparent when it was sent stays so, however the mask is painted."""
    own = np.array([[0, 100, 255]], np.uint8)
    picture = Picture(np.full((1, 3, 3), 50, np.uint8), own)

    rgba = mended(picture, np.full((1, 3), 200, np.uint8), None, clean=True)

    assert rgba[0, :, 3].tolist() == [0, 100, 200]


@given(st.binary(max_size=200))
def test_no_bytes_cause_another_error(file: bytes) -> None:
    """Whatever follows a PNG's signature, it is refused or taken."""
    with suppress(InvalidFormat):
        bare_matte(b"\x89PNG\r\n\x1a\n" + file, "mask")
