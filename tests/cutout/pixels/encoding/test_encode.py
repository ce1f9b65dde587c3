"""What each written format keeps of a picture."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutout.errors import ImageTooLarge, ResolutionTooHigh
from cutout.pixels.encoding.encode import encode

PHOTO = Path(__file__).parents[3] / "photos" / "chelsea.jpg"
TWO_COLOURS = np.zeros((16, 16, 3), np.uint8)
TWO_COLOURS[:, :8] = (200, 30, 40)
TWO_COLOURS[:, 8:] = (20, 160, 220)


@pytest.mark.parametrize("output_format", ["png", "webp", "avif"])
def test_alpha_survives_encoding_exactly(output_format: str) -> None:
    """Every output format with alpha keeps each value of it; PNG keeps colour as well."""
    rgba = np.dstack([TWO_COLOURS, np.arange(256, dtype=np.uint8).reshape(16, 16)])

    back = np.asarray(Image.open(io.BytesIO(encode(rgba, output_format))).convert("RGBA"))  # type: ignore[arg-type]

    assert np.array_equal(back[..., 3], rgba[..., 3])
    if output_format == "png":
        assert np.array_equal(back, rgba)


@pytest.mark.parametrize("output_format", ["png", "webp", "avif"])
def test_a_mask_survives_encoding_exactly(output_format: str) -> None:
    """A mask of one channel comes back as it was."""
    mask = np.random.default_rng(4).integers(0, 256, (33, 47), np.uint8)

    back = np.asarray(Image.open(io.BytesIO(encode(mask, output_format))).convert("L"))  # type: ignore[arg-type]

    assert np.array_equal(back, mask)


@pytest.mark.parametrize("output_format", ["webp", "jpeg", "avif"])
def test_lossy_colour_stays_near(output_format: str) -> None:
    """Of a photograph, lossy colour is within 4/255 on average."""
    rgb = np.asarray(Image.open(PHOTO).convert("RGB").resize((200, 200)))

    back = Image.open(io.BytesIO(encode(rgb, output_format)))  # type: ignore[arg-type]

    assert back.format == output_format.upper()
    assert np.abs(np.asarray(back.convert("RGB")).astype(int) - rgb).mean() < 4


@pytest.mark.parametrize("output_format", ["webp", "jpeg", "avif"])
def test_a_side_that_a_format_does_not_hold(output_format: str) -> None:
    """A picture too long for a format is an error that names a format for it; PNG takes it."""
    long = np.zeros((1, 65536, 3), np.uint8)

    with pytest.raises(ImageTooLarge, match=f"{output_format} holds at most"):
        encode(long, output_format)  # type: ignore[arg-type]
    assert encode(long, "png")


@pytest.mark.parametrize("output_format", ["webp", "jpeg", "avif"])
@pytest.mark.parametrize("refusal", [ValueError("encoding error 6"), OSError("encoder error -2"), MemoryError()])
def test_what_an_encoder_refuses_is_a_clear_error(
    output_format: Any, refusal: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A format that cannot take a picture is the contract's 413, which names the format, and one that can."""

    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(Image.Image, "save", refuse)

    with pytest.raises(ResolutionTooHigh, match=f"{output_format} cannot hold this picture of 5x3 pixels .*png can"):
        encode(np.zeros((3, 5, 3), np.uint8), output_format)
