"""`refine` in a model's replica: which mattes it changes, and which not."""

from dataclasses import replace

import numpy as np
import pytest

from cutout.forms import AsPixels
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.mattes.refine import refined
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha, Matte
from cutout.removal import Removal
from cutout.results import CutoutPixels
from deployments.backends.base import Resources
from deployments.remover import Remover
from tests.cutout.pixels.mattes.parts import disc, shown
from tests.support.in_process import model

pytestmark = pytest.mark.anyio
MATTE = disc(soft_px=20)
"""Of a network that is not sure: the picture's own edge is sharper."""
PICTURE = Picture(shown(disc(soft_px=4)))


async def cut(picture: Picture, removal: Removal, matte: Matte) -> CutoutPixels:
    """A replica's cutout, whose model gives that matte."""
    replica = Remover(model("m"), Resources(), EncodeSpec(), 60)
    await replica.start()
    replica._backend.matte = lambda _: matte  # type: ignore[attr-defined]
    outcome = await replica.remove(picture, replace(removal, decontaminate=False), AsPixels())
    assert isinstance(outcome, CutoutPixels)
    return outcome


def alpha(cutout: CutoutPixels) -> Alpha:
    return cutout.rgba[..., 3]


async def test_the_uncertain_band_is_solved_against_the_picture() -> None:
    """With `refine` a cutout has the refined matte, and the time it took; without it the model's own."""
    plain, solved = [await cut(PICTURE, Removal(refine=refine), Matte(MATTE)) for refine in (False, True)]

    np.testing.assert_array_equal(alpha(plain), MATTE)
    np.testing.assert_array_equal(alpha(solved), refined(PICTURE.rgb, MATTE))
    assert list(solved.times_ms) == ["infer", "composite", "refine"]
    assert "refine" not in plain.times_ms


async def test_a_matte_with_its_own_colours_is_left() -> None:
    """A provider's colours fit its own alpha."""
    cutout = await cut(PICTURE, Removal(refine=True), Matte(MATTE, rgb=PICTURE.rgb))

    np.testing.assert_array_equal(alpha(cutout), MATTE)
    assert "refine" not in cutout.times_ms


async def test_a_pictures_own_alpha_is_left() -> None:
    """Where no model runs there is nothing to refine."""
    transparent = replace(PICTURE, alpha=MATTE)
    removal = Removal("return_input_if_non_opaque", refine=True)

    np.testing.assert_array_equal(alpha(await cut(transparent, removal, Matte(MATTE))), MATTE)
