"""What a browser shows is read, and looks as it does there."""

import numpy as np
import pytest

from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode
from tests.pictures.chromium import Shown
from tests.pictures.tables import FILES

TOLERANCE = 4
"""Of 255, in each channel: colour engines round, and lossy formats have several decoders."""


@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_what_chromium_shows(name: str, shown: dict[str, Shown]) -> None:
    """Size, transparency to the bit, and every visible colour within 4/255."""
    truth = shown[name]
    assert truth is not None, "Chromium shows nothing: no case for this table"

    picture = decode(FILES[name], LimitsSpec())

    rgba = picture.rgba().astype(int)
    assert rgba.shape == truth.shape
    assert np.abs(rgba[..., 3] - truth[..., 3]).max() <= (TOLERANCE if "AVIF" in name else 0)
    visible = truth[..., 3] == 255
    assert np.abs(rgba[..., :3] - truth[..., :3])[visible].max(initial=0) <= TOLERANCE
