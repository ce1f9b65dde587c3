"""HEIC, TIFF and AVIF: what is in them comes out, by the same limits as of every other format."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutout.errors import ImageTooLarge, InvalidFormat
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode, opened
from cutout.pixels.plain import Size
from tests.pictures.files import directory, saved
from tests.pictures.oddities import CORNER

HEIC = Path(__file__).parent / "heic"
RED, BLUE = (200, 30, 30), (30, 60, 200)
PLAIN = np.asarray(CORNER)


def near(colour: Any, expected: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.subtract(colour, expected)).max() <= 3)


@pytest.mark.parametrize(
    ("name", "size", "blue_at"),
    [("upright", Size(96, 64), (5, 5)), ("turned", Size(64, 96), (5, 60)), ("alpha", Size(96, 64), (5, 5))],
)
def test_heic_comes_out_upright(name: str, size: Size, blue_at: tuple[int, int]) -> None:
    """Size is known from the header, and the blue corner is where the file's own turn puts it."""
    data = (HEIC / f"{name}.heic").read_bytes()
    picture = decode(data, LimitsSpec())

    assert opened(data, LimitsSpec()).size == picture.size == size
    assert near(picture.rgb[blue_at], BLUE)
    assert near(picture.rgb[-5, -60], RED)


def test_heic_keeps_its_alpha() -> None:
    """Alpha of an auxiliary picture is the picture's."""
    alpha = decode((HEIC / "alpha.heic").read_bytes(), LimitsSpec()).alpha

    assert alpha is not None
    assert np.abs(np.diff(alpha[:, 0].astype(int)) - 4).max() <= 2


def test_code_points_of_heic_are_its_colours() -> None:
    """Display P3 without a profile becomes sRGB: red of 200, 30, 30 is a deeper one there."""
    assert near(decode((HEIC / "p3.heic").read_bytes(), LimitsSpec()).rgb[-5, -5], (218, 0, 6))


MODES = {
    "1": (CORNER.convert("1", dither=Image.Dither.NONE), 1),
    "L": (CORNER.convert("L"), 0),
    "P": (CORNER.quantize(4), 3),
    "RGB": (CORNER, 0),
    "RGBA": (CORNER.convert("RGBA"), 0),
    "CMYK": (CORNER.convert("CMYK"), 0),
    "I;16": (Image.fromarray(np.asarray(CORNER.convert("L")).astype(np.uint16) * 257), 0),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_of_every_mode(mode: str, compression: str) -> None:
    """The first page comes out as Pillow's own conversion to RGB has it, 16 bits by their high byte."""
    image, tolerance = MODES[mode]
    expected = CORNER.convert("L") if mode == "I;16" else image

    picture = decode(saved(image, "TIFF", compression=compression), LimitsSpec())

    assert np.abs(picture.rgb.astype(int) - np.asarray(expected.convert("RGB"))).max() <= tolerance


def test_tiff_is_turned_and_its_first_page_counts() -> None:
    """Orientation is a tag of the file itself; so is its resolution."""
    pages = {"save_all": True, "append_images": [CORNER.rotate(180)]}
    data = saved(CORNER, "TIFF", tiffinfo={274: 6}, dpi=(300, 150), **pages)
    picture = decode(data, LimitsSpec())

    assert picture.size == opened(data, LimitsSpec()).size == Size(32, 48)
    assert near(picture.rgb[5, -5], BLUE)
    assert picture.dpi == (150, 300)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (Image.fromarray(np.ones((4, 4), np.float32)), "floating-point numbers"),
        (Image.fromarray(np.ones((4, 4), np.int32)), "32-bit integers"),
        (Image.new("LAB", (4, 4)), "CIELAB"),
    ],
)
def test_tiff_of_other_pixels_is_refused_by_name(image: Image.Image, kind: str) -> None:
    """It is whole, and what it holds is said, and what is taken."""
    with pytest.raises(InvalidFormat, match=f"^Pixels of {kind} are not read: grey, RGB or CMYK in 8 or 16 bits"):
        decode(saved(image, "TIFF"), LimitsSpec())


def test_tiff_in_ycbcr_is_read_when_it_is_compressed() -> None:
    """Pillow takes it for RGB where it is not, and fails at its end: it is refused by name, and is not "damaged"."""
    picture = Image.new("RGB", (16, 16), (200, 100, 50)).convert("YCbCr")

    np.testing.assert_allclose(
        decode(saved(picture, "TIFF", compression="jpeg"), LimitsSpec()).rgb[8, 8], (200, 100, 50), atol=4
    )
    with pytest.raises(InvalidFormat, match=r"^Uncompressed YCbCr is not read"):
        decode(saved(picture, "TIFF"), LimitsSpec())


@pytest.mark.parametrize("data", [directory((256, 2, 9, b"x" * 9)), b"II*\0", b"MM\0*\0\0\0\x08\xff\xff"])
def test_tiff_that_is_only_tags_is_damaged(data: bytes) -> None:
    """EXIF alone looks like a TIFF, and is none that has pixels."""
    with pytest.raises(InvalidFormat, match="damaged"):
        decode(data, LimitsSpec())


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"input_px": 1535}, "1536 pixels; at most 1535"),
        ({"input_side_px": 47}, "48 pixels wide and 32 high; at most 47"),
        ({"input_aspect": 1}, "48x32; a side of at most 1 times"),
    ],
)
def test_limits_are_of_every_format(form: str, limits: dict[str, int], message: str) -> None:
    """Pixels, side and shape are refused from the header, whatever the format, by a message that says the limit."""
    with pytest.raises(ImageTooLarge, match=message) as refusal:
        opened(saved(CORNER, form), LimitsSpec(**limits), "background")

    assert refusal.value.details["field"] == "background"
    assert refusal.value.details["received"] == "48x32"


@pytest.mark.parametrize("name", ["upright", "turned"])
def test_limits_are_of_heic_too(name: str) -> None:
    """As of the others."""
    with pytest.raises(ImageTooLarge, match="6144 pixels; at most 6143"):
        opened((HEIC / f"{name}.heic").read_bytes(), LimitsSpec(input_px=6143))


@pytest.mark.parametrize(
    ("mode", "form", "options", "px_bytes"),
    [
        ("1", "PNG", {}, 5), ("RGBA", "PNG", {}, 8), ("I;16", "PNG", {}, 6),
        ("1", "TIFF", {"compression": "group4"}, 5), ("RGBA", "TIFF", {"compression": "tiff_lzw"}, 8),
        ("RGBA", "WEBP", {"lossless": True}, 12), ("RGB", "AVIF", {}, 18),
        ("L", "JPEG", {}, 4), ("RGB", "JPEG", {}, 7), ("RGB", "JPEG", {"progressive": True}, 10),
    ],
)  # fmt: skip
def test_a_few_bytes_of_a_huge_picture_are_refused(
    mode: str, form: str, options: dict[str, object], px_bytes: int
) -> None:
    """What costs nothing to send may cost little memory to read, and how much that is, is said by the header."""
    data, needed = saved(Image.new(mode, (40, 30)), form, **options), 40 * 30 * px_bytes

    assert opened(data, LimitsSpec(memory_of_64k=needed)).size == Size(40, 30)
    with pytest.raises(ImageTooLarge, match=f"1200 pixels in {len(data)} bytes; at most 1199 are accepted of such a"):
        opened(data, LimitsSpec(memory_of_64k=needed - 1))
    assert opened(data + bytes(65_536), LimitsSpec(memory_of_64k=1)).size == Size(40, 30)
