"""A picture and a matte become a cutout."""

import numpy as np

from cutout.pixels.composite import compose, normalised
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte

RGB = np.full((2, 3, 3), 200, np.uint8)


def test_colour_stays_and_alpha_is_the_mattes() -> None:
    """Where something is seen, colour is the picture's own, straight, however thin the alpha."""
    alpha = np.array([[0, 1, 255], [128, 0, 7]], np.uint8)

    rgba = compose(Picture(RGB), Matte(alpha), clean=False)

    assert np.array_equal(rgba[..., 3], alpha)
    assert (rgba[..., :3][alpha > 0] == 200).all()


def test_the_removed_background_does_not_leave_the_house() -> None:
    """Colour under alpha 0 is wiped."""
    assert not compose(Picture(RGB), Matte(np.zeros((2, 3), np.uint8)), clean=False).any()


def test_alpha_never_exceeds_the_pictures_own() -> None:
    """What was already transparent stays at least as transparent."""
    old = np.array([[0, 100, 255], [255, 30, 200]], np.uint8)
    new = np.array([[255, 200, 50], [255, 10, 200]], np.uint8)

    rgba = compose(Picture(RGB, old), Matte(new), clean=False)

    assert rgba[..., 3].tolist() == [[0, 100, 50], [255, 10, 200]]


def test_foreground_colours_of_the_model_are_used() -> None:
    """A model that knows the subject's own colour wins over the picture's."""
    rgba = compose(Picture(RGB), Matte(np.full((2, 3), 9, np.uint8), np.full((2, 3, 3), 5, np.uint8)), clean=False)

    assert (rgba[..., :3] == 5).all()


def test_a_matte_is_stretched_as_rembg_does() -> None:
    """The least value becomes 0, the largest 255."""
    assert normalised(np.array([[0.2, 0.6, 1.0]], np.float32)).tolist() == [[0, 128, 255]]


def test_what_a_network_is_sure_of_is_opaque() -> None:
    """Values are rounded: of a network's .9999 and .0001 no pixel is semi-transparent."""
    assert normalised(np.array([[0.0, 0.0001, 0.9979, 0.9981, 1.0]], np.float32)).tolist() == [[0, 0, 254, 255, 255]]


def test_an_empty_picture_stays_empty() -> None:
    """A network that found nothing, or answers the same everywhere, gives an empty matte and not noise."""
    assert not normalised(np.array([[0.0, 0.01, 0.04]], np.float32)).any()
    assert not normalised(np.full((2, 2), 0.7, np.float32)).any()
