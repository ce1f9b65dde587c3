"""A picture that is made strip by strip is, as a file, the one that is made as a whole; and needs far less memory."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cutout.limits import LimitsSpec
from cutout.pixels.cores import THREADS
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding import jpeg, png
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.picture import Picture
from cutout.pixels.plain import OutputFormat, Size
from cutout.pixels.resizing import resize
from cutout.pixels.resizing.resize import resize_rgba, resized_strips
from cutout.pixels.strips import Rows, Strips, opaque
from cutout.pixels.types import Rgba
from deployments.upscaler import Upscaler

MB = 1024 * 1024
PHOTO = Path(__file__).parents[2] / "photos" / "chelsea.jpg"


def subject(width: int, height: int, opaque: bool = False) -> Rgba:
    """The photograph, in a soft disc, or all of it."""
    rgb = np.asarray(Image.open(PHOTO).convert("RGB").resize((width, height)))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    alpha = np.full((height, width), 255.0) if opaque else np.clip((0.8 - np.hypot(x, y)) * 2000, 0, 255)
    return np.dstack([rgb, alpha.astype(np.uint8)])


def in_strips(pixels: NDArray[np.uint8], rows: int) -> Strips:
    height, width, channels = pixels.shape
    return Strips((height, width, channels), rows, lambda number: pixels[number * rows : (number + 1) * rows].copy())


@pytest.mark.parametrize("rows", [1, 7, 64, 128, 1000])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_png_in_strips_is_the_same_file(rows: int, channels: int) -> None:
    """Byte for byte, whatever the height of the strips."""
    pixels = resize_rgba(subject(150, 101), Size(1500, 1010))[..., :channels]

    assert png.encode(in_strips(pixels, rows)) == png.encode(pixels)


@pytest.mark.parametrize("strip_px", [8, 40, 128, 4000])
@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("kind", ["cutout", "opaque"])
def test_an_enlargement_in_strips_is_the_same(
    strip_px: int, factor: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pixels and the PNG of an enlargement that is made while it is written are those of one that is made before."""
    monkeypatch.setattr(resize, "ROWS_PX", strip_px)
    rgba = subject(190, 133, kind == "opaque")
    size = Size(190, 133).times(factor)

    strips, whole = resized_strips(rgba, size), resize_rgba(rgba, size)

    assert np.array_equal(strips.whole(), whole)
    assert np.array_equal(opaque(strips).whole(), whole[..., :3])  # type: ignore[union-attr]
    assert png.encode(strips) == png.encode(whole)


@pytest.mark.parametrize(("width", "height"), [(300, 128), (301, 384), (299, 401), (64, 1), (40, 1153)])
@pytest.mark.parametrize("rows", [128, 256])
@pytest.mark.parametrize("quality", [40, 90, 95])
def test_a_jpeg_in_strips_has_the_same_pixels(width: int, height: int, rows: int, quality: int) -> None:
    """Decoders agree: to the last bit those of the file that libjpeg writes at once."""
    pixels, at_once = subject(width, height, opaque=True)[..., :3], io.BytesIO()
    Image.fromarray(pixels).save(at_once, "JPEG", quality=quality, dpi=(300, 150))

    file = jpeg.encode(in_strips(pixels, rows), quality, (300, 150))

    image = Image.open(io.BytesIO(file))
    assert (image.size, image.info["dpi"]) == ((width, height), (300, 150))
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(at_once)))
    assert np.array_equal(decode(file, LimitsSpec()).rgb, decode(at_once.getvalue(), LimitsSpec()).rgb)


def test_a_jpeg_of_other_strips_is_refused() -> None:
    """Its restart markers would not be numbered in order."""
    with pytest.raises(ValueError, match="multiple of 128"):
        jpeg.encode(in_strips(np.zeros((200, 8, 3), np.uint8), 100), 90)


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp", "avif"])
@pytest.mark.parametrize("kind", ["cutout", "opaque alpha", "no alpha"])
def test_an_enlargement_is_the_same_picture_in_every_format(output_format: OutputFormat, kind: str) -> None:
    """What is made in strips, while it is encoded, is the picture that is made first and encoded as a whole."""
    rgba = subject(190, 133, kind != "cutout")
    picture = Picture(rgba[..., :3], rgba[..., 3] if kind == "cutout" else None, (96, 96), kind == "opaque alpha")
    if output_format == "jpeg":
        picture = Picture(picture.on_white(), dpi=picture.dpi)
    pixels = resize_rgba(picture.rgba(), Size(190, 133).times(4))[..., : 4 if picture.has_alpha else 3]
    whole = encode(np.ascontiguousarray(pixels), output_format, EncodeSpec(), (384, 384))

    file = Upscaler(EncodeSpec())._enlarged(picture, 4, output_format, "lanczos").encoded

    one, other = Image.open(io.BytesIO(file)), Image.open(io.BytesIO(whole))
    assert (one.mode, one.info.get("dpi")) == (other.mode, other.info.get("dpi"))
    assert np.array_equal(np.asarray(one), np.asarray(other))


def test_strips_are_read_once() -> None:
    """Rows that are read from the top down, each with the one above, need no strip a second time."""
    made = list[int]()
    pixels = subject(9, 50)

    def make(number: int) -> NDArray[np.uint8]:
        made.append(number)
        return pixels[number * 8 : number * 8 + 8]

    rows = Rows(Strips((50, 9, 4), 8, make))
    for top in range(50):
        above = max(0, top - 1)
        assert np.array_equal(rows(range(above, top + 1)), pixels[above : top + 1])
    assert made == list(range(7))


@pytest.mark.parametrize(("output_format", "most_mb"), [("png", 80), ("jpeg", 60)])
def test_memory_is_that_of_strips_and_of_the_file(output_format: OutputFormat, most_mb: int) -> None:
    """31 megapixels, 123 MB as a whole, take less than 80 MB at the most beside the picture that is enlarged."""
    picture = Picture(np.asarray(Image.open(PHOTO).convert("RGB").resize((1600, 1200))))

    used = _peak(lambda: Upscaler(EncodeSpec())._enlarged(picture, 4, output_format, "lanczos"))

    print(f"{output_format}: {used / MB:.0f} MB")
    assert used < most_mb * MB


def _peak(work: Any) -> int:
    """Bytes that a fork's memory grows by at the most, its threads its own."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            for module in (resize, png, jpeg):
                module.__dict__["THREADS"] = type(THREADS)(2)
            Path("/proc/self/clear_refs").write_text("5")
            before = _memory("VmRSS")
            work()
            os.write(writer, str(_memory("VmHWM") - before).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return int(pipe.read())


def _memory(field: str) -> int:
    return 1024 * int(Path("/proc/self/status").read_text().partition(f"{field}:")[2].split()[0])


def test_webp_holds_the_noise_of_large_pictures() -> None:
    """Its 512 KiB for modes of prediction are enough for more pixels than its fastest method can write."""
    pixels = np.random.default_rng(1).integers(0, 256, (4001, 4001, 3), dtype=np.uint8)

    with Image.open(io.BytesIO(encode(pixels, "webp"))) as image:
        assert image.size == (4001, 4001)
