"""Picture files are recognised, checked and decoded."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutout.errors import ImageTooLarge, InvalidFormat
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.plain import Size
from tests.pictures.files import SIGNATURE, chunk

LIMITS = LimitsSpec()
RED_LEFT = np.zeros((40, 60, 3), np.uint8)
RED_LEFT[:, :30] = (200, 30, 40)
RED_LEFT[:, 30:] = (20, 160, 220)


def written(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_reads_each_format_by_content(form: str) -> None:
    """PNG, JPEG and WebP give the picture that was written, within their own loss of 12/255."""
    picture = decode(written(Image.fromarray(RED_LEFT), form, quality=95), LIMITS)

    assert picture.size == Size(60, 40)
    assert picture.alpha is None
    assert np.abs(picture.rgb[:, 5:25].astype(int) - RED_LEFT[:, 5:25]).max() <= 12


@pytest.mark.parametrize(
    ("data", "received"),
    [
        (written(Image.fromarray(RED_LEFT), "GIF"), "image/gif"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
        (b"<!DOCTYPE html><html></html>", "text/html"),
        (b"just text", "unknown"),
        (b"%PDF-1.7", "application/pdf"),
        (written(Image.fromarray(RED_LEFT), "BMP"), "image/bmp"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
    ],
)
def test_refuses_other_formats_by_name(data: bytes, received: str) -> None:
    """What is of no format that is read is invalid_format, and the error says what it looks like."""
    with pytest.raises(InvalidFormat, match="Supported: PNG, JPG, WEBP, AVIF, HEIC, TIFF") as refusal:
        decode(data, LIMITS)

    assert refusal.value.details == {"field": "image", "received": received}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9])
def test_refuses_a_file_that_breaks_off(form: str, kept: float) -> None:
    """A truncated picture is an error, never half a picture."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = written(Image.fromarray(noise), form)

    with pytest.raises(InvalidFormat, match="damaged or incomplete"):
        decode(data[: int(len(data) * kept)], LIMITS)


def test_refuses_an_empty_file() -> None:
    """No bytes are no picture."""
    with pytest.raises(InvalidFormat, match="empty"):
        decode(b"", LIMITS)


def test_counts_pixels_before_it_decodes() -> None:
    """A bomb is refused by its header: only a few of its bytes are needed to know."""
    header = chunk(b"IHDR", struct.pack(">2I5B", 20_000, 20_000, 1, 0, 0, 0, 0))

    with pytest.raises(ImageTooLarge, match="400000000 pixels"):
        decode(SIGNATURE + header + chunk(b"IDAT", b"the first of its pixels"), LIMITS)


def test_takes_a_single_pixel() -> None:
    """The smallest picture is a picture."""
    picture = decode(written(Image.new("RGB", (1, 1), (7, 8, 9))), LIMITS)

    assert picture.rgb.tolist() == [[[7, 8, 9]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_applies_exif_orientation(orientation: int) -> None:
    """However the camera was held, the upright picture comes out."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    upright = Image.fromarray(RED_LEFT)
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert np.array_equal(decode(written(stored, exif=exif), LIMITS).rgb, RED_LEFT)


def test_converts_a_profile_to_srgb() -> None:
    """Colours of a wide profile are converted, not dropped: a known colour comes out as littlecms says."""
    profile = _gamma_one_srgb()
    linear = np.full((4, 4, 3), 55, np.uint8)  # linear 55/255 is sRGB 128

    picture = decode(written(Image.fromarray(linear), icc_profile=profile), LIMITS)

    assert np.abs(picture.rgb.astype(int) - 128).max() <= 2


def test_ignores_a_profile_that_makes_no_sense() -> None:
    """A broken profile says nothing about the pixels: they are kept as they are."""
    picture = decode(written(Image.fromarray(RED_LEFT), icc_profile=b"no profile"), LIMITS)

    assert np.array_equal(picture.rgb, RED_LEFT)


def test_sixteen_bits_become_eight() -> None:
    """16-bit grey keeps its high byte."""
    grey = np.array([[0x0000, 0x12FF, 0xFF00]], np.uint16)

    assert decode(written(Image.fromarray(grey)), LIMITS).rgb[0, :, 0].tolist() == [0x00, 0x12, 0xFF]


def test_palette_with_transparency() -> None:
    """A palette's colours and its transparent entry come out as RGB and alpha."""
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])

    picture = decode(written(image, transparency=1), LIMITS)

    assert picture.rgb[0].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert picture.alpha is not None
    assert picture.alpha[0].tolist() == [255, 0]


@pytest.mark.parametrize(("mode", "value", "rgb"), [("L", 90, 90), ("1", 1, 255), ("LA", (90, 128), 90)])
def test_grey_becomes_rgb(mode: str, value: Any, rgb: int) -> None:
    """Grey, black-and-white, and grey with alpha become RGB."""
    picture = decode(written(Image.new(mode, (3, 2), value)), LIMITS)

    assert picture.rgb.shape == (2, 3, 3)
    assert (picture.rgb == rgb).all()
    assert (picture.alpha is None) == (mode != "LA")


def test_cmyk_becomes_rgb() -> None:
    """A CMYK JPEG without a profile is converted by Pillow's formula: no ink is white."""
    picture = decode(written(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG"), LIMITS)

    assert (picture.rgb >= 253).all()


def test_first_frame_of_an_animation() -> None:
    """Of an animated WebP the first frame is taken."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = written(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    assert decode(data, LIMITS).rgb[0, 0].tolist() == [255, 0, 0]


def test_opaque_alpha_is_no_alpha() -> None:
    """An alpha channel that hides nothing is left out, for cheaper ways; that there was one is known."""
    picture = decode(written(Image.new("RGBA", (2, 2), (1, 2, 3, 255))), LIMITS)

    assert (picture.alpha, picture.has_alpha) == (None, True)
    assert not decode(written(Image.new("RGB", (2, 2))), LIMITS).has_alpha


def _gamma_one_srgb() -> bytes:
    """A profile of sRGB's primaries with a linear curve: sRGB's own, its three curves replaced by gamma 1.0."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    for entry in range(132, 132 + 12 * count, 12):
        if bytes(profile[entry : entry + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            offset = int.from_bytes(profile[entry + 4 : entry + 8], "big")
            profile[offset : offset + 12] = b"curv\0\0\0\0\0\0\0\0"  # a curve of no entries is the identity
            profile[entry + 8 : entry + 12] = (12).to_bytes(4, "big")
    return bytes(profile)
