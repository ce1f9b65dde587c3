"""Fitting a provider's limits: what goes out, and what its reply becomes."""

import asyncio
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cutout.limits import LimitsSpec
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Size
from cutout.pixels.types import Matte, Rgb
from deployments.backends.remote.options import LimitsForm
from deployments.backends.remote.parcel import Parcel, fitted, pack, unpack
from deployments.backends.remote.reply import Unreadable
from deployments.backends.remote.result import decoded, result_limits
from tests.providers.cutting import cutout, encoded
from tests.support.remote_backends import picture, scene

KIE = LimitsForm(max_side_px=4096, min_side_px=256, max_px=16_000_000, max_bytes=5 * 1024 * 1024)
NOISE = np.random.default_rng(7).integers(0, 256, (400, 500, 3), np.uint8)


def received(reply: bytes, parcel: Parcel, full: Picture) -> Matte:
    """What a reply becomes, from its bytes on."""
    answer = asyncio.run(decoded(Decoder(result_limits(LimitsSpec())), reply, parcel))
    return unpack(answer, parcel, full)


def opened(parcel: Parcel) -> Image.Image:
    """The file in a parcel."""
    return Image.open(io.BytesIO(parcel.data))


def alpha_of(rgb: Rgb) -> np.ndarray:
    """What the fake providers answer for the full picture."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG")
    return np.asarray(cutout(out.getvalue()).getchannel("A"))


def off_by(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of two alphas, in 0..255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_a_picture_within_the_limits_goes_out_as_it_is() -> None:
    """A PNG with the very pixels is sent where no limit says otherwise."""
    parcel = pack(picture(), LimitsForm())

    assert (parcel.media_type, parcel.exact, parcel.size, parcel.padded) == ("image/png", True, *[Size(320, 280)] * 2)
    assert np.array_equal(np.asarray(opened(parcel)), scene())


def test_transparent_input_goes_out_on_white() -> None:
    """A provider sees white where the picture is transparent, and its colours are not taken over."""
    alpha = np.full((280, 320), 255, np.uint8)
    alpha[:, :160] = 0
    half = Picture(scene(), alpha)
    parcel = pack(half, LimitsForm())
    sent = np.asarray(opened(parcel))

    assert (sent[:, :160] == 255).all()
    assert np.array_equal(sent[:, 160:], scene()[:, 160:])
    assert received(encoded(cutout(parcel.data)), parcel, half).rgb is None


@given(
    width=st.integers(1, 20_000), height=st.integers(1, 20_000),
    max_side=st.none() | st.integers(256, 8000), max_px=st.none() | st.integers(65_536, 20_000_000),
    min_side=st.none() | st.integers(1, 256),
)  # fmt: skip
def test_fitted_sizes_obey_every_limit(
    width: int, height: int, max_side: int | None, max_px: int | None, min_side: int | None
) -> None:
    """No size passes the largest side or area, and its shape is kept to a pixel."""
    size = fitted(Size(width, height), LimitsForm(max_side_px=max_side, max_px=max_px, min_side_px=min_side))

    assert max_side is None or max(size.width, size.height) <= max_side
    assert max_px is None or size.width * size.height <= max_px
    assert abs(size.width * height - size.height * width) <= 1.01 * max(width, height)


def test_a_size_within_the_limits_is_kept() -> None:
    """Nothing is resized that need not be."""
    assert fitted(Size(4096, 256), KIE) == Size(4096, 256)


def test_a_large_picture_is_shrunk_and_its_matte_brought_back() -> None:
    """A picture beyond the limits gets a matte of its own size, near the one of the full picture, and a note."""
    full = picture(1600, 1200)
    parcel = pack(full, LimitsForm(max_side_px=800))
    matte = received(encoded(cutout(parcel.data)), parcel, full)

    assert opened(parcel).size == (800, 600)
    assert matte.alpha.shape == (1200, 1600)
    assert off_by(matte.alpha, alpha_of(full.rgb)) < 1
    assert matte.rgb is None
    note = "The provider saw the picture at 800x600 px; its alpha was put on the original of 1600x1200 px."
    assert matte.note == note


def test_too_many_bytes_turn_into_jpeg_before_resolution_is_lost() -> None:
    """A picture whose PNG is too large goes out at full size as JPEG, and keeps its own colours."""
    noisy = Picture(NOISE)
    parcel = pack(noisy, LimitsForm(max_bytes=400_000))

    assert (parcel.media_type, parcel.size, parcel.exact) == ("image/jpeg", Size(500, 400), False)
    assert len(parcel.data) <= 400_000
    matte = received(encoded(cutout(parcel.data)), parcel, noisy)
    assert (matte.alpha.shape, matte.rgb, matte.note) == ((400, 500), None, None)


def test_what_is_too_large_even_as_jpeg_is_shrunk() -> None:
    """The bytes are kept under the limit in any case."""
    parcel = pack(Picture(NOISE), LimitsForm(max_bytes=65_536))

    assert len(parcel.data) <= 65_536
    assert parcel.size.width < 500
    assert opened(parcel).size == (parcel.size.width, parcel.size.height)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_only_formats_that_the_provider_reads_are_sent(kind: str) -> None:
    """One format allowed is the one that is sent, limit of bytes or not."""
    limits = LimitsForm.model_validate({"formats": [kind], "max_bytes": 100_000})

    parcels = [pack(picture(), limits), pack(Picture(NOISE), limits)]

    assert [(parcel.media_type, opened(parcel).format) for parcel in parcels] == [(f"image/{kind}", kind.upper())] * 2
    assert all(len(parcel.data) <= 100_000 for parcel in parcels)


def test_a_small_picture_is_enlarged_to_the_smallest_side() -> None:
    """A picture below the smallest side is enlarged, and its matte has its own size again."""
    small = picture(160, 120)
    parcel = pack(small, KIE)
    matte = received(encoded(cutout(parcel.data)), parcel, small)

    assert opened(parcel).size == (341, 256)
    assert matte.alpha.shape == (120, 160)
    assert off_by(matte.alpha, alpha_of(small.rgb)) < 4
    assert "341x256" in str(matte.note)


def test_a_strip_is_padded_where_enlarging_would_break_another_limit() -> None:
    """A strip gets its smallest side by repeating its edge, and the padding is cut off its matte."""
    strip = picture(4000, 100)
    parcel = pack(strip, KIE)
    sent = np.asarray(opened(parcel))
    matte = received(encoded(cutout(parcel.data)), parcel, strip)

    assert sent.shape == (256, 4000, 3)
    assert (sent[100:] == sent[99]).all()
    assert matte.alpha.shape == (100, 4000)
    assert off_by(matte.alpha, alpha_of(strip.rgb)) < 1


def test_a_long_strip_is_shrunk_and_padded() -> None:
    """Shrinking and padding together still end in a matte in its place."""
    strip = picture(8000, 200)
    parcel = pack(strip, KIE)
    matte = received(encoded(cutout(parcel.data)), parcel, strip)

    assert opened(parcel).size == (4096, 256)
    assert matte.alpha.shape == (200, 8000)
    assert off_by(matte.alpha, alpha_of(strip.rgb)) < 1


def test_colours_of_the_provider_are_kept_when_it_saw_the_very_pixels() -> None:
    """A provider that cleans the colour of edges is not overruled."""
    parcel = pack(picture(), LimitsForm())
    answer = cutout(parcel.data)
    answer.paste((9, 8, 7), (0, 0, 10, 10))
    answer.putalpha(255)

    matte = received(encoded(answer), parcel, picture())

    assert matte.rgb is not None
    assert (matte.rgb[:10, :10] == (9, 8, 7)).all()


def test_a_reply_of_another_size_is_brought_back() -> None:
    """A provider that answers smaller than it was asked gives a matte of the picture's size, with a note."""
    parcel = pack(picture(), LimitsForm())

    matte = received(encoded(cutout(parcel.data).resize((160, 140))), parcel, picture())

    assert matte.alpha.shape == (280, 320)
    assert off_by(matte.alpha, alpha_of(scene())) < 2
    assert "160x140" in str(matte.note)


def test_an_opaque_cutout_is_a_cutout() -> None:
    """A transparency channel that is 255 everywhere means that all is subject."""
    parcel = pack(picture(), LimitsForm())
    answer = cutout(parcel.data)
    answer.putalpha(255)

    assert (received(encoded(answer), parcel, picture()).alpha == 255).all()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (encoded(Image.fromarray(scene()), "jpeg"), "with transparency was expected, not image/jpeg"),
        (encoded(Image.fromarray(scene())), "with transparency was expected, not image/png"),
        (b"<html><body>Sorry</body></html>", "not 31 bytes of text/html"),
        (b"", "not 0 bytes of unknown"),
        (encoded(cutout(encoded(Image.fromarray(scene()))))[:-200], "bytes of image/png"),
        (encoded(cutout(encoded(Image.fromarray(scene(320, 140))))), "not 320x140"),
    ],
    ids=["jpeg", "png without", "html", "nothing", "cut short", "another shape"],
)
def test_what_is_no_cutout_is_named(reply: bytes, says: str) -> None:
    """A reply that cannot be a cutout is refused, and the reason says what came instead."""
    with pytest.raises(Unreadable, match=says):
        received(reply, pack(picture(), LimitsForm()), picture())
