"""What a person does in the window in which a cutout is mended, and what it shows."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.page.bench import COFFEE, drop_and_wait

SIZE = (96, 64)
"""So small that each pixel is shown as a square of several: what is shown can be read from the middle of each."""
NEARLY = 0.96
"""Of the stage, which a picture that fits takes; as in view.js."""
READ = """([columns, rows, nearly]) => {
    const canvas = document.querySelector(".mend-view");
    const scale = nearly * Math.min(canvas.width / columns, canvas.height / rows);
    const [x, y] = [(canvas.width - columns * scale) / 2, (canvas.height - rows * scale) / 2];
    const twin = Object.assign(document.createElement("canvas"), {width: canvas.width, height: canvas.height});
    const copy = twin.getContext("2d", {willReadFrequently: true});
    copy.drawImage(canvas, 0, 0);
    const {data, width} = copy.getImageData(0, 0, canvas.width, canvas.height);
    const at = (place, shift) => Math.floor(shift + (place + 0.5) * scale);
    return Array.from({length: rows}, (_, row) =>
        Array.from({length: columns}, (_, column) => data[(at(row, y) * width + at(column, x)) * 4]));
}"""


def small_photo(folder: Path) -> Path:
    """A photograph of SIZE."""
    file = folder / "small.png"
    with Image.open(COFFEE) as picture:
        picture.resize(SIZE).save(file)
    return file


def open_mend(page: Page, photo: Path) -> Locator:
    """Drop a photograph and mend its first cutout; gives the stage."""
    drop_and_wait(page, photo)
    page.keyboard.press("1")
    page.keyboard.press("m")
    expect(page.locator(".mend-words")).to_contain_text("Paint over")
    return page.locator(".mend-stage")


def stroke(page: Page, stage: Locator, *points: tuple[float, float]) -> None:
    """Press at the first of `points`, in parts of the stage, and drag through the others."""
    box = stage.bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def shown(page: Page) -> NDArray[np.int16]:
    """The matte that the window shows, of a picture of SIZE that fits."""
    page.get_by_role("dialog").get_by_role("radio", name="Mask").check()
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    return np.array(page.evaluate(READ, [*SIZE, NEARLY]), np.int16)


def saved(page: Page, name: str) -> NDArray[np.int16]:
    """The alpha of the file that the card of this name offers."""
    link = page.get_by_role("link", name=f"Download {name}")
    with page.expect_download() as waiting:
        link.click()
    with Image.open(waiting.value.path()) as picture:
        return np.asarray(picture.getchannel("A"), np.int16)
