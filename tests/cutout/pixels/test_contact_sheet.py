"""Cutouts side by side."""

import numpy as np

from cutout.pixels.contact_sheet import CAPTION_PX, COLUMNS, DARK, GAP_PX, LIGHT, PANEL_PX, Panel, contact_sheet


def rgba(width: int, height: int, alpha: int = 255) -> np.ndarray:
    return np.full((height, width, 4), (200, 30, 40, alpha), np.uint8)


def test_panels_stand_in_rows_of_one_size() -> None:
    """Four panels are two rows; the height is that of the highest picture, and wide ones are shrunk."""
    sheet = contact_sheet([Panel("a", "", rgba(960, 480)), *[Panel("b", "", rgba(100, 300))] * COLUMNS])

    assert sheet.shape == (2 * (300 + CAPTION_PX + GAP_PX) + GAP_PX, COLUMNS * (PANEL_PX + GAP_PX) + GAP_PX, 3)
    assert sheet.dtype == np.uint8


def test_transparency_shows_the_checkerboard() -> None:
    """What is opaque keeps its colour; what is transparent shows both greys."""
    clear = contact_sheet([Panel("clear", "", rgba(480, 480, 0))])[GAP_PX : GAP_PX + 480, GAP_PX : GAP_PX + 480]
    solid = contact_sheet([Panel("solid", "", rgba(480, 480))])[GAP_PX : GAP_PX + 480, GAP_PX : GAP_PX + 480]

    assert set(np.unique(clear)) == {LIGHT, DARK}
    assert (solid == (200, 30, 40)).all()


def test_a_panel_without_a_picture_says_why() -> None:
    """The reason is written where the picture would be, within its frame."""
    sheet = contact_sheet([Panel("broken", "out of ink " * 40, None)])
    inside = sheet[GAP_PX + 1 : GAP_PX + PANEL_PX - 1, GAP_PX + 1 : GAP_PX + PANEL_PX - 1]

    assert (inside < 200).any()
    assert (sheet[:GAP_PX] == 255).all()
    assert (sheet[:, :GAP_PX] == 255).all()
