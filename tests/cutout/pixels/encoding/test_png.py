"""PNG files: readable by every decoder, exact, and about as small as Pillow's."""

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cutout.pixels.encoding import png
from cutout.pixels.encoding.png_filter import filtered
from cutout.pixels.plain import Size
from cutout.pixels.resizing.resize import resize_rgba
from cutout.pixels.strips import Rows, Strips

PHOTOS = Path(__file__).parents[3] / "photos"
Pixels = NDArray[np.uint8]


def photo(name: str) -> Pixels:
    return np.asarray(Image.open(PHOTOS / name).convert("RGB"))


def cutout(rgb: Pixels) -> Pixels:
    """The photograph's middle, with an edge some 8 pixels soft."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    alpha = np.clip((0.8 - np.hypot(x, y)) * 16 * 255, 0, 255).astype(np.uint8)
    rgba = np.dstack([rgb, alpha])
    rgba[alpha == 0] = 0
    return rgba


def drawing() -> Pixels:
    """A flat logo with smooth edges, on nothing."""
    image = Image.new("RGBA", (1600, 1200))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((100, 100, 900, 800), radius=120, fill=(30, 90, 200, 255))
    draw.ellipse((600, 300, 1500, 1100), fill=(230, 60, 40, 255), outline=(20, 20, 20, 255), width=30)
    draw.text((200, 900), "Cutout 4711", font_size=160, fill=(10, 10, 10, 255))
    return np.asarray(image.resize((800, 600), Image.Resampling.LANCZOS))


def noise(*shape: int) -> Pixels:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


def enlarged(pixels: Pixels) -> Pixels:
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    rgba = np.dstack([pixels, alpha]) if pixels.shape[2] == 3 else pixels
    return resize_rgba(rgba, Size(pixels.shape[1], pixels.shape[0]).times(4))


def decode(file: bytes) -> Pixels:
    image = Image.open(io.BytesIO(file))
    assert image.format == "PNG"
    return np.asarray(image)


@settings(max_examples=60)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([None, 3, 4]),
    values=st.sampled_from([1, 2, 7, 256]),
    seed=st.integers(0, 2**32 - 1),
)
def test_pillow_reads_what_was_written(height: int, width: int, channels: int | None, values: int, seed: int) -> None:
    """Every size and kind of picture comes back to the last bit."""
    shape = (height, width) if channels is None else (height, width, channels)
    pixels = np.random.default_rng(seed).integers(0, values, shape).astype(np.uint8)

    assert np.array_equal(decode(png.encode(pixels)), pixels)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("make", [noise, lambda *shape: np.full(shape, 77, np.uint8)], ids=["noise", "flat"])
@pytest.mark.parametrize(("height", "width"), [(1, 70_000), (70_000, 1), (701, 503)])
def test_opencv_and_libvips_read_it_too(channels: int, make: object, height: int, width: int) -> None:
    """Decoders other than Pillow's agree, for pictures of many strips and of the longest rows."""
    pixels = make(height, width, channels)  # type: ignore[operator]
    file = png.encode(pixels[..., 0] if channels == 1 else pixels)

    by_opencv = np.atleast_3d(np.asarray(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)))
    by_libvips = np.atleast_3d(pyvips.Image.new_from_buffer(file, "").numpy())

    to_rgb = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    assert np.array_equal(by_opencv[..., to_rgb], pixels)
    assert np.array_equal(by_libvips, pixels)


def test_a_view_is_written_like_a_copy() -> None:
    """Pixels that do not lie in one piece, or may not be written to, are no different."""
    view = noise(40, 90, 4)[5:35:2, ::3, :3]
    view.flags.writeable = False

    assert png.encode(view) == png.encode(view.copy())
    assert np.array_equal(decode(png.encode(view)), view)


@pytest.mark.parametrize("kind", range(5))
def test_each_filter_is_the_specifications(kind: int) -> None:
    """Filtered bytes are those of the PNG specification, section 9, at edges and strip borders too."""
    pixels = noise(9, 11, 3)

    lines = filtered(Rows(Strips.of(pixels)), (9, 11, 3), [range(4), range(4, 9)], kind)
    scanlines = np.vstack([rows.copy() for rows in lines])

    assert (scanlines[:, 0] == kind).all()
    assert np.array_equal(scanlines[:, 1:], filtered_plainly(pixels, kind))


def test_paeths_predictor_holds_for_all_neighbours() -> None:
    """For all triples of a coarse grid over 0..255, ties included, the neighbour foretold is the specification's."""
    steps = [*range(0, 256, 15), 1, 2, 127, 128, 254]
    triples = np.array([(a, b, c) for a in steps for b in steps for c in steps], np.uint8)
    left, above, corner = triples.T
    # A picture two pixels high, and of two columns for each triple: corner, above; left, and the pixel in question.
    pixels = np.stack([np.stack([corner, above], 1).ravel(), np.stack([left, left], 1).ravel()])[..., None]

    (scanlines,) = filtered(Rows(Strips.of(pixels)), pixels.shape, [range(2)], 4)

    foretold = (pixels[1, 1::2, 0].astype(int) - scanlines[1, 2::2]) % 256
    assert foretold.tolist() == [paeth(*map(int, triple)) for triple in triples]


def test_the_file_is_what_it_says() -> None:
    """One header, one run of pixels, one end; eight bits a channel, not interlaced."""
    file = png.encode(noise(300, 400, 4))

    assert file.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">I4s2I5B", file[8:29]) == (13, b"IHDR", 400, 300, 8, 6, 0, 0, 0)
    assert file[37:41] == b"IDAT"
    assert file[-12:] == b"\x00\x00\x00\x00IEND\xaeB`\x82"


@given(height=st.integers(1, 1400), level=st.integers(0, 255), grain=st.sampled_from([1, 2, 255]))
@settings(max_examples=8)
def test_parts_are_one_stream(height: int, level: int, grain: int) -> None:
    """However many parts a picture is deflated in, zlib takes them as one stream whose checksum is right."""
    pixels = (noise(height, 1024, 4) % grain + level).astype(np.uint8)
    file = png.encode(pixels)
    (length,) = struct.unpack(">I", file[33:37])

    scanlines = zlib.decompress(file[41 : 41 + length])

    assert len(scanlines) == height * (1 + 1024 * 4)
    assert np.array_equal(decode(file), pixels)


@pytest.mark.parametrize(
    ("kind", "pixels", "at_most"),
    [
        ("photograph", photo("astronaut.jpg"), 1.10),
        ("photograph", photo("coffee.jpg"), 1.10),
        ("photograph", photo("chelsea.jpg"), 1.10),
        ("cutout", cutout(photo("astronaut.jpg")), 1.10),
        ("cutout", cutout(photo("chelsea.jpg")), 1.10),
        ("photograph x4", enlarged(photo("chelsea.jpg"))[..., :3], 1.10),
        ("photograph x4, with an alpha of 255", enlarged(photo("chelsea.jpg")), 1.20),
        ("cutout x4", enlarged(cutout(photo("chelsea.jpg"))), 1.15),
        ("drawing", drawing(), 1.10),
        ("drawing x4", enlarged(drawing()), 1.35),
        ("noise", noise(300, 400, 4), 1.01),
        ("nothing", np.zeros((600, 800, 4), np.uint8), 1.10),
        ("one pixel", noise(1, 1, 4), 1.10),
    ],
)
def test_files_are_about_as_small_as_pillows(kind: str, pixels: Pixels, at_most: float) -> None:
    """Against Pillow's default (zlib level 6, a filter for each row) a file is larger by no more than stated."""
    by_pillow = io.BytesIO()
    Image.fromarray(pixels).save(by_pillow, "PNG")

    assert len(png.encode(pixels)) <= at_most * len(by_pillow.getvalue()), kind


def test_a_sample_of_the_picture_chooses_the_filter() -> None:
    """What lies in a picture's middle decides, however much emptiness surrounds it."""
    pixels = np.zeros((4000, 4000, 3), np.uint8)
    pixels[1950:2050] = np.cumsum(noise(100, 4000, 3) % 5, axis=1) % 256

    assert len(png.encode(pixels)) < 0.6 * pixels[1950:2050].nbytes


def test_memory_is_the_files_and_little_more() -> None:
    """The picture is not copied: by tracemalloc, the peak stays under 2.2 times the file and 2 MB of strips."""
    pixels = enlarged(cutout(photo("astronaut.jpg")))
    tracemalloc.start()

    file = png.encode(pixels)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2.2 * len(file) + 2e6
    assert peak_bytes < 0.5 * pixels.nbytes


def filtered_plainly(pixels: Pixels, kind: int) -> Pixels:
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, -1).astype(int).tolist()
    result = np.zeros((height, width * channels), np.uint8)
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            left = row[x - channels] if x >= channels else 0
            above = rows[y - 1][x] if y else 0
            corner = rows[y - 1][x - channels] if y and x >= channels else 0
            foretold = (0, left, above, (left + above) // 2, paeth(left, above, corner))[kind]
            result[y, x] = (value - foretold) % 256
    return result


def paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda neighbour: abs(estimate - neighbour))
