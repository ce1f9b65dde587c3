"""Thumbnails for a list of pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from cutout.pixels.picture import Picture
from cutout.pixels.thumbnail import SIDE_PX, thumbnail


@pytest.mark.parametrize(("size", "small"), [((1280, 640), (320, 160)), ((3, 2000), (1, 320)), ((20, 10), (20, 10))])
def test_it_fits_and_keeps_its_shape(size: tuple[int, int], small: tuple[int, int]) -> None:
    """The longer side has SIDE_PX, a smaller picture keeps its size, and no side vanishes."""
    shown = Image.open(io.BytesIO(thumbnail(Picture(np.full((size[1], size[0], 3), 90, np.uint8)))))

    assert (shown.format, shown.mode, shown.size) == ("WEBP", "RGB", small)
    assert max(small) <= SIDE_PX


def test_transparency_stays() -> None:
    """Hidden colours do not bleed into the edge: it is the visible pixels' colour."""
    rgb = np.zeros((640, 640, 3), np.uint8)
    alpha = np.zeros((640, 640), np.uint8)
    rgb[:, :321], alpha[:, :321] = 200, 255

    shown = np.asarray(Image.open(io.BytesIO(thumbnail(Picture(rgb, alpha)))))

    edge = shown[160, 158:161]
    assert shown.shape == (320, 320, 4)
    assert (edge[edge[:, 3] > 32][:, :3] > 180).all()
    assert not shown[160, 200, 3]
