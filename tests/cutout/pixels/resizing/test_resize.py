"""Lanczos3 that keeps transparency exact, against the same in float64, and against Pillow."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from cutout.pixels.plain import Size
from cutout.pixels.resizing import resize
from cutout.pixels.resizing.resize import resize_alpha, resize_rgb, resize_rgba
from cutout.pixels.types import Rgb, Rgba
from tests.support.patience import HANG_S

PHOTOS = Path(__file__).parents[3] / "photos"
Floats = NDArray[np.float64]


def photo(name: str) -> Rgb:
    return np.asarray(Image.open(PHOTOS / name).convert("RGB"))


def cutout(rgb: Rgb, softness_px: float = 4) -> Rgba:
    """A disc of the photograph; around it colour is left as it was, under alpha 0."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[:height, :width]
    inside_px = 0.4 * height - np.hypot(y - height / 2, x - width / 2)
    return np.dstack([rgb, np.clip(127.5 + inside_px / softness_px * 255, 0, 255).astype(np.uint8)])


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


def black_and_white(*shape: int) -> NDArray[np.uint8]:
    """What makes Lanczos overshoot most."""
    return np.where(noise(*shape) & 1, np.uint8(255), np.uint8(0))


def lanczos3(source_px: int, target_px: int) -> Floats:
    """(target, source) weights by Pillow's rules for support, centre and edges, in float64."""
    scale = source_px / target_px
    stretch = max(scale, 1.0)
    weights = np.zeros((target_px, source_px))
    for target in range(target_px):
        centre = (target + 0.5) * scale
        first = max(0, int(centre - 3 * stretch + 0.5))
        last = min(source_px, int(centre + 3 * stretch + 0.5))
        x = (np.arange(first, last) + 0.5 - centre) / stretch
        kernel = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
        weights[target, first:last] = kernel / kernel.sum()
    return weights


def resize_exactly(rgba: Rgba, size: Size) -> Rgba:
    """Premultiplied Lanczos3 in float64, clipped at the very end."""
    alpha = rgba[..., 3:].astype(np.float64)
    premultiplied = np.dstack([rgba[..., :3] * alpha, alpha])
    rows = np.einsum("ij,kjc->kic", lanczos3(rgba.shape[1], size.width), premultiplied, optimize=True)
    wide = np.einsum("ij,jkc->ikc", lanczos3(rgba.shape[0], size.height), rows, optimize=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        colours = np.nan_to_num(wide[..., :3] / wide[..., 3:])
    return np.clip(np.dstack([colours, wide[..., 3:]]) + 0.5, 0, 255).astype(np.uint8)


def assert_exact(resized: Rgba, exact: Rgba) -> None:
    difference = np.abs(resized.astype(int) - exact)
    assert difference[..., 3].max() <= 1
    assert difference[exact[..., 3] >= 4].max(initial=0) <= 1
    assert not resized[resized[..., 3] == 0].any()


@pytest.mark.parametrize("size", [(640, 520), (320, 260), (111, 333), (77, 50), (1, 1), (900, 7)])
@pytest.mark.parametrize(
    "rgba",
    [
        cutout(photo("astronaut.jpg")[100:230, 150:310]),
        noise(130, 160, 4),
        black_and_white(130, 160, 4),
        noise(130, 160, 4) | np.array([0, 0, 0, 255], np.uint8),
        black_and_white(130, 160, 4) | np.array([0, 0, 0, 255], np.uint8),
    ],
    ids=["cutout", "noise", "black and white", "opaque noise", "opaque black and white"],
)
def test_colour_and_alpha_are_those_of_float64(rgba: Rgba, size: tuple[int, int]) -> None:
    """Alpha, and colour where alpha is 4 or more, are within 1/255 of premultiplied Lanczos3 in float64, 97 % equal."""
    resized, exact = resize_rgba(rgba, Size(*size)), resize_exactly(rgba, Size(*size))

    assert_exact(resized, exact)
    assert (resized != exact)[exact[..., 3] >= 4].mean() < 0.03


@settings(max_examples=60)
@given(
    source=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    target=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    values=st.sampled_from([2, 3, 256]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_smallest_sizes_are_exact_too(
    source: tuple[int, int], target: tuple[int, int], values: int, seed: int
) -> None:
    """A single pixel, row or column obeys the same rules."""
    rgba = (np.random.default_rng(seed).integers(0, values, (*source, 4)) * (255 // (values - 1))).astype(np.uint8)

    assert_exact(resize_rgba(rgba, Size(*target)), resize_exactly(rgba, Size(*target)))


@pytest.mark.parametrize("size", [(1804, 1200), (733, 1022), (260, 190)])
def test_strips_leave_no_seam(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture in small parts, some empty, some opaque, is within 1/255 of the picture in one piece."""
    rgba = cutout(photo("chelsea.jpg"))
    with monkeypatch.context() as small:
        for name in ("ROWS_PX", "COLUMNS_PX", "RUN_PX"):
            small.setattr(resize, name, 32)
        in_parts = resize_rgba(rgba, Size(*size))
    for name in ("ROWS_PX", "COLUMNS_PX", "RUN_PX"):
        monkeypatch.setattr(resize, name, 10_000)
    whole = resize_rgba(rgba, Size(*size))

    difference = np.abs(in_parts.astype(int) - whole)
    assert difference[..., 3].max() <= 1
    assert difference[whole[..., 3] >= 4].max() <= 1


@pytest.mark.parametrize("colour", [(255, 0, 90), (128, 128, 128), (1, 254, 17)])
def test_what_is_transparent_does_not_bleed(colour: tuple[int, int, int]) -> None:
    """A subject of one colour keeps it to the last pixel of its edge, whatever colour lies under alpha 0."""
    rgba = cutout(noise(90, 120, 3), softness_px=1)
    rgba[rgba[..., 3] > 0, :3] = colour

    resized = resize_rgba(rgba, Size(480, 360))

    seen = resized[resized[..., 3] >= 4]
    assert len(seen) > 1000
    assert np.abs(seen[:, :3].astype(int) - colour).max() <= 1


def test_nothing_stays_nothing() -> None:
    """Where alpha is 0 everywhere, every byte of the result is 0."""
    rgba = noise(50, 70, 4)
    rgba[..., 3] = 0

    assert not resize_rgba(rgba, Size(280, 200)).any()


def test_the_same_size_changes_nothing_that_is_seen() -> None:
    """At its own size a picture keeps its alpha and every colour that has one."""
    rgba = cutout(photo("coffee.jpg"))

    same = resize_rgba(rgba, Size(600, 400))

    assert np.array_equal(same[..., 3], rgba[..., 3])
    assert np.array_equal(same[rgba[..., 3] > 0], rgba[rgba[..., 3] > 0])


def test_a_view_is_resized_like_a_copy() -> None:
    """Pixels that do not lie in one piece, or may not be written to, are no different."""
    view = noise(60, 90, 4)[5:35:2, ::3]
    view.flags.writeable = False

    assert np.array_equal(resize_rgba(view, Size(120, 60)), resize_rgba(view.copy(), Size(120, 60)))


@pytest.mark.parametrize("size", [(1024, 1024), (320, 320), (100, 333), (1, 1), (3, 1500)])
@pytest.mark.parametrize(
    "rgb",
    [photo("astronaut.jpg"), photo("rocket.jpg"), noise(300, 400, 3), black_and_white(300, 400, 3)],
    ids=["astronaut", "rocket", "noise", "black and white"],
)
def test_models_see_what_pillow_would_show_them(rgb: Rgb, size: tuple[int, int]) -> None:
    """Colour and alpha of 8 bits are within 2/255 of Pillow's LANCZOS, and 98 of 100 bytes are equal."""
    for ours, source in ((resize_rgb, rgb), (resize_alpha, np.ascontiguousarray(rgb[..., 1]))):
        pillows = np.asarray(Image.fromarray(source).resize(size, Image.Resampling.LANCZOS))

        difference = np.abs(ours(source, Size(*size)).astype(int) - pillows)

        assert difference.max() <= 2
        assert (difference > 0).mean() <= 0.02


MEASURE_PEAK = """
from pathlib import Path
import numpy as np
from cutout.pixels.plain import Size
from cutout.pixels.resizing.resize import resize_rgba

def peak_bytes():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024

rgba = np.random.default_rng(7).integers(0, 256, (700, 1000, 4), dtype=np.uint8)
resize_rgba(rgba, Size(100, 100))
before = peak_bytes()
resized = resize_rgba(rgba, Size(4000, 2800))
print((peak_bytes() - before) / resized.nbytes)
"""


def test_memory_is_that_of_the_result() -> None:
    """Four times larger, the peak of a fresh process (VmHWM, the library's memory included) grows by < 1.5 results."""
    command = [sys.executable, "-c", MEASURE_PEAK]

    measured = subprocess.run(command, capture_output=True, text=True, check=True, timeout=HANG_S)

    assert 0.5 < float(measured.stdout) < 1.5
