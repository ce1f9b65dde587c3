"""Contact sheet: cutouts side by side on a checkerboard, each with a caption."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cutout.pixels.types import Rgb, Rgba

PANEL_PX = 480
"""Width of a panel, and largest height of the picture in it."""
GAP_PX = 16
CAPTION_PX = 60
SQUARE_PX = 12
COLUMNS = 3
PAPER, INK, FAINT = (255, 255, 255), (20, 20, 20), (95, 95, 95)
LIGHT, DARK = 255, 204
"""The two greys of the checkerboard."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One entry of the sheet."""

    title: str
    detail: str
    """Time and price, or the reason why there is no picture."""
    rgba: Rgba | None
    """(H, W, 4); None: the model failed."""


def contact_sheet(panels: Sequence[Panel]) -> Rgb:
    """(H, W, 3): at least one panel, in rows of at most COLUMNS, all of the same size."""
    columns = min(len(panels), COLUMNS)
    rows = -(-len(panels) // columns)
    pictures = [None if panel.rgba is None else _fitted(panel.rgba) for panel in panels]
    height = max((picture.height for picture in pictures if picture), default=PANEL_PX) + CAPTION_PX
    size = (columns * (PANEL_PX + GAP_PX) + GAP_PX, rows * (height + GAP_PX) + GAP_PX)
    sheet = Image.new("RGB", size, PAPER)
    for place, (panel, picture) in enumerate(zip(panels, pictures, strict=True)):
        left = GAP_PX + place % columns * (PANEL_PX + GAP_PX)
        top = GAP_PX + place // columns * (height + GAP_PX)
        sheet.paste(_drawn(panel, picture, height), (left, top))
    return np.asarray(sheet)


def _drawn(panel: Panel, picture: Image.Image | None, height: int) -> Image.Image:
    """A panel of this height, with the picture directly above its caption."""
    drawn, below = Image.new("RGB", (PANEL_PX, height), PAPER), height - CAPTION_PX
    pen = ImageDraw.Draw(drawn)
    if picture:
        board = _checkerboard(picture.width, picture.height)
        board.paste(picture, mask=picture.getchannel("A"))
        drawn.paste(board, ((PANEL_PX - picture.width) // 2, below - picture.height))
    else:
        why = "\n".join(textwrap.wrap(panel.detail, 44)[:12])
        pen.rectangle((0, 0, PANEL_PX - 1, below - 1), outline=FAINT)
        pen.multiline_text((GAP_PX, GAP_PX), why, FAINT, ImageFont.load_default(20))
    pen.text((0, below + 6), panel.title, INK, ImageFont.load_default(22))
    pen.text((0, below + 34), panel.detail if picture else "failed", FAINT, ImageFont.load_default(17))
    return drawn


def _fitted(rgba: Rgba) -> Image.Image:
    """The picture shrunk to at most PANEL_PX on each side; Pillow filters it premultiplied."""
    picture = Image.fromarray(rgba)
    scale = min(PANEL_PX / picture.width, PANEL_PX / picture.height, 1.0)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _checkerboard(width: int, height: int) -> Image.Image:
    rows, columns = np.arange(height)[:, None] // SQUARE_PX, np.arange(width) // SQUARE_PX
    grey = np.where((rows + columns) % 2, DARK, LIGHT).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
