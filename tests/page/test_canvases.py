"""Canvases of a browser that takes none of a large picture's size, as on an iPhone; for the brush see test_mend.py."""

import base64
import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

STATIC = Path(__file__).parents[2] / "serve_app" / "static"
MAKES_CANVAS = re.compile(r"new OffscreenCanvas|createImageBitmap\(|createElement\(.canvas")
SIZE = (2400, 1600)
MOST_PX = 3_000_000
"""Of a canvas or a bitmap: less than a picture of SIZE has, and more than the map of its differences."""
MADE = """async ([most, width, height, cutouts, rotated]) => {
    const {heatOf} = await import("./static/look/heat.js");
    const {thumbnail} = await import("./static/pictures/thumbnails.js");
    const {pictureOf} = await import("./static/pictures/pictures.js");
    const blobs = [...cutouts, rotated].map((file) => pictureOf(file).blob);
    const [Canvas, bitmapOf] = [OffscreenCanvas, createImageBitmap];
    const fits = (wide, high) => wide * high <= most;
    window.OffscreenCanvas = class extends Canvas {
        constructor(wide, high) {
            super(...(fits(wide, high) ? [wide, high] : [1, 1]));
        }
    };
    window.createImageBitmap = async (...given) => {
        const bitmap = await bitmapOf(...given);
        if (fits(bitmap.width, bitmap.height)) return bitmap;
        throw new DOMException("too large", "InvalidStateError");
    };
    const refused = await createImageBitmap(blobs[0]).catch(() => null);
    const sizes = [];
    for (const blob of [blobs[0], blobs[2]]) {
        const small = await bitmapOf(await thumbnail(blob));
        sizes.push([small.width, small.height]);
    }
    const {image, share} = await heatOf(blobs.slice(0, 2), {width, height});
    return {refused, sizes, map: [image.width, image.height], share};
}"""
"""What is larger than `most` cannot be made, or has no place for what is drawn on it."""


def test_canvases_are_made_in_two_files() -> None:
    """So that one rule holds for all: those that are small, and those that a browser may refuse."""
    files = {str(file.relative_to(STATIC)) for file in STATIC.rglob("*.js") if MAKES_CANVAS.search(file.read_text())}
    assert files == {"pictures/canvas.js", "mend/room.js"}


def test_thumbnails_and_maps_of_a_picture_that_no_canvas_takes(page: Page) -> None:
    """They are as of any other; a photograph that its camera has turned is upright."""
    cutout = Image.new("RGBA", SIZE, (200, 30, 30, 255))
    other = cutout.copy()
    other.paste((0, 0, 0, 0), (0, 0, SIZE[0] // 2, SIZE[1]))
    exif = Image.Exif()
    exif[0x0112] = 6
    rotated = _file(Image.new("RGB", (90, 60)), "JPEG", exif=exif)
    cutouts = [_file(one, "PNG", compress_level=1) for one in (cutout, other)]
    made = page.evaluate(MADE, [MOST_PX, *SIZE, cutouts, rotated])

    assert made["refused"] is None
    assert made["sizes"] == [[320, 213], [60, 90]]
    assert made["map"] == [1600, 1067]
    assert abs(made["share"] - 0.5) < 0.01


def _file(picture: Image.Image, form: str, **options: object) -> str:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return base64.b64encode(out.getvalue()).decode()
