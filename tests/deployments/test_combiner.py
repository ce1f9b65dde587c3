"""The combiner, on pictures whose alpha is known: one cutout of several models' mattes."""

import io

import numpy as np
import pytest
from PIL import Image

from cutout.forms import AsFile, AsPixels
from cutout.models.selection import FUSED
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.mattes.fuse import fused
from cutout.pixels.mattes.measure import described, scores
from cutout.pixels.picture import Picture
from cutout.removal import AS_USUAL, RETURNED_NOTE, Removal
from cutout.results import CutoutFile, CutoutPixels
from deployments.combiner import Combiner
from tests.cutout.pixels.mattes.parts import SUBJECT, disc, shown

pytestmark = pytest.mark.anyio
TRUE = disc(soft_px=12)
MATTES = {"soft": disc(soft_px=30), "hard": disc(soft_px=2)}
RGB = shown(TRUE)
SCORES = scores(RGB, MATTES, {})


async def pixels(picture: Picture, removal: Removal = AS_USUAL) -> CutoutPixels:
    made = await Combiner(EncodeSpec()).combine(picture, removal, AsPixels(), SCORES, *MATTES.values())
    assert isinstance(made, CutoutPixels)
    return made


async def test_it_is_the_mattes_combined_in_the_subjects_own_colours() -> None:
    """The alpha is that of `fuse`, its sources are named, it is measured as others are, and costs nothing."""
    made = await pixels(Picture(RGB))

    expected = fused(RGB, MATTES, SCORES)
    assert np.array_equal(made.rgba[..., 3], expected.alpha)
    assert (made.model_id, made.sources, made.cost_usd) == (FUSED, expected.sources, 0)
    assert made.descriptor == described(RGB, expected.alpha)
    assert made.times_ms.keys() == {"fuse", "composite", "measure"}
    half = (made.rgba[..., 3] > 100) & (made.rgba[..., 3] < 155)
    assert half.any()
    assert np.abs(made.rgba[half][:, :3].astype(int) - SUBJECT).mean() < np.abs(RGB[half].astype(int) - SUBJECT).mean()
    assert not made.rgba[made.rgba[..., 3] == 0].any()


async def test_a_file_has_the_same_pixels() -> None:
    """As a PNG for the caller, with the subject's box and the picture's resolution."""
    made = await Combiner(EncodeSpec()).combine(
        Picture(RGB, dpi=(300, 300)), Removal(), AsFile("png"), SCORES, *MATTES.values()
    )

    assert isinstance(made, CutoutFile)
    with Image.open(io.BytesIO(made.encoded)) as file:
        assert np.array_equal(np.asarray(file), (await pixels(Picture(RGB))).rgba)
        assert round(file.info["dpi"][0]) == 300
    assert made.box


async def test_a_picture_that_is_transparent_stays_within_its_own_alpha() -> None:
    """By default no pixel is more opaque than it was; or the picture's own alpha is returned; or it does not count."""
    own = np.full(TRUE.shape, 255, np.uint8)
    own[:, :48] = 90
    picture = Picture(RGB, own)
    within = await pixels(picture)
    returned = await pixels(picture, Removal("return_input_if_non_opaque"))
    opaque = await pixels(picture, Removal("discard_alpha_layer"))

    assert (within.rgba[..., 3] <= own).all()
    assert np.array_equal(returned.rgba[..., 3], own)
    assert (returned.note, set(returned.sources)) == (RETURNED_NOTE, set(MATTES))
    assert np.array_equal(opaque.rgba[..., 3], fused(RGB, MATTES, SCORES).alpha)
