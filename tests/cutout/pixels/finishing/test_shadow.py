"""Soft shadows: where they lie, how dark they are, and what they leave as it was."""

import numpy as np
import pytest

from cutout.pixels.crop import subject_box
from cutout.pixels.finishing.background import on_background
from cutout.pixels.finishing.shadow import Shadow, ShadowKind, shade, shadowed
from cutout.pixels.types import Alpha, Rgba

KINDS: tuple[ShadowKind, ...] = ("ground", "drop")


def cutout(height: int = 200, width: int = 300, soft: int = 255) -> Rgba:
    """A red box, 120 px wide and 100 high, whose feet stand 60 px above the picture's lower border."""
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[height - 160 : height - 60, 90:210] = (200, 30, 30, soft)
    return rgba


def around(rgba: Rgba) -> Alpha:
    """(H, W) alpha where the cutout has none."""
    plain: Alpha = np.where(cutout()[..., 3] == 0, rgba[..., 3], 0)
    return plain


@pytest.mark.parametrize("kind", KINDS)
def test_it_lies_under_the_subject(kind: ShadowKind) -> None:
    """Opaque pixels stay; the shadow is black, not darker than its opacity, and fades before the picture's corners."""
    plain = cutout()
    rgba = shadowed(plain, Shadow(kind, 0.4))

    inside = plain[..., 3] == 255
    np.testing.assert_array_equal(rgba[inside], plain[inside])
    assert 60 <= around(rgba).max() <= round(0.4 * 255) + 1
    assert rgba[~inside][:, :3].max() == 0
    assert around(rgba)[[0, 0, -1, -1], [0, -1, 0, -1]].max() <= 1


def test_on_the_ground_it_is_below() -> None:
    """It is darkest along the feet, and there is next to nothing beside the upper half."""
    shade_ = around(shadowed(cutout(), Shadow()))

    assert abs(int(shade_.max(axis=1).argmax()) - 140) <= 4
    assert shade_[:90].max() <= 2
    assert 100 < int(shade_[142].argmax()) < 200


def test_a_drop_shadow_is_on_all_sides_but_lower() -> None:
    """Left and right of the subject it is the same, and below there is more than above."""
    shade_ = around(shadowed(cutout(), Shadow("drop"))).astype(int)

    assert np.abs(shade_ - shade_[:, ::-1]).max() <= 2
    assert shade_[140:].sum() > 2 * shade_[:40].sum() > 0


def test_half_transparent_pixels_are_laid_over_it() -> None:
    """On any ground the result looks as the cutout does on that ground with its shadow, within 2/255."""
    plain, shadow = cutout(soft=128), Shadow(opacity=0.6)
    box = subject_box(plain[..., 3])
    assert box is not None
    dark = shade(plain[..., 3], box, shadow)[..., None]
    behind = 240 * (1 - dark)
    alpha = plain[..., 3:] / 255
    expected = plain[..., :3] * alpha + behind * (1 - alpha)

    seen = on_background(shadowed(plain, shadow), (240, 240, 240))
    assert np.abs(seen - expected).max() <= 2


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_at_any_size(kind: ShadowKind) -> None:
    """Of a picture four times as large the shadow is four times as large: within 8/255, as its edges are soft."""
    small = shadowed(cutout(), Shadow(kind))
    large = shadowed(cutout().repeat(4, axis=0).repeat(4, axis=1), Shadow(kind))

    reduced = large[..., 3].reshape(200, 4, 300, 4).mean(axis=(1, 3))
    assert np.abs(reduced - small[..., 3]).mean() <= 2
    assert np.abs(reduced - small[..., 3]).max() <= 16


def test_nothing_is_changed_without_a_subject_or_darkness() -> None:
    """An empty cutout has no shadow, and one of opacity 0 is none."""
    empty = np.zeros((20, 30, 4), np.uint8)

    assert shadowed(empty, Shadow()) is empty
    plain = cutout()
    assert shadowed(plain, Shadow(opacity=0)) is plain


def test_a_subject_of_one_pixel_has_one() -> None:
    """The smallest picture has a shadow of its own size."""
    assert shadowed(np.full((1, 1, 4), 255, np.uint8), Shadow()).shape == (1, 1, 4)
