"""What a person may paste and drop, and what the page shows of it."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Request, expect

from cutout.pixels.endings import READ, READ_WORDS
from serve_app.endpoints.page import STATIC
from tests.page.conftest import Serve, opening
from tests.support.in_process import model

PASTE = """([target, texts, files]) => {
    const data = new DataTransfer();
    for (const [type, text] of Object.entries(texts)) data.setData(type, text);
    for (const [name, type, bytes] of files) {
        data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, {type}));
    }
    document.querySelector(target).dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""
DROP = """([name, type, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, {type}));
    document.querySelector("main").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
}"""
CORNERS = """(selector) => {
    const image = document.querySelector(selector);
    const {naturalWidth: width, naturalHeight: height} = image;
    const canvas = Object.assign(document.createElement("canvas"), {width, height});
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const at = (x, y) => [...context.getImageData(x * width, y * height, 1, 1).data.slice(0, 3)];
    return [at(0.2, 0.2), at(0.8, 0.2), at(0.2, 0.8), at(0.8, 0.8)];
}"""
COLOURS = ((250, 250, 250), (250, 250, 60), (60, 250, 250), (250, 170, 170))
CELLS, HTML = "sneaker\t12\nboot\t14", "<table><tr><td>sneaker</td></tr></table>"


def quarters(form: str = "PNG", orientation: int = 1) -> bytes:
    """A picture of 48 by 32 pixels whose corners have different colours; no two ways to hold it look alike."""
    image, out, exif = Image.new("RGB", (48, 32)), io.BytesIO(), Image.Exif()
    for number, colour in enumerate(COLOURS):
        image.paste(colour, (number % 2 * 24, number // 2 * 16, number % 2 * 24 + 24, number // 2 * 16 + 16))
    exif[0x112] = orientation
    lossless: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}
    image.save(out, form, exif=exif.tobytes(), **lossless.get(form, {}))
    return out.getvalue()


def carried(name: str, media_type: str, content: bytes) -> list[str]:
    """A file on its way into the browser."""
    return [name, media_type, base64.b64encode(content).decode()]


@pytest.fixture(scope="module")
def quick(usual_window: BrowserContext, serve: Serve) -> Iterator[Page]:
    """A page over one model, for all of these tests."""
    with opening(usual_window) as open_page:
        page = open_page(serve(model("fast", name="Quick Matte")), alone=True)
        expect(page.locator("#roster li")).to_have_count(1)
        yield page


@pytest.fixture
def fired(quick: Page) -> Iterator[tuple[Page, list[str]]]:
    """The page's first view, and the pictures that it sends from now on."""
    quick.get_by_role("link", name="Cutout Shotgun").click()
    expect(quick.get_by_role("button", name="Choose pictures")).to_be_visible()
    sent = list[str]()

    def note(asked: Request) -> None:
        if asked.url.endswith("/remove-background"):
            sent.append(asked.url)

    quick.on("request", note)
    yield quick, sent
    quick.remove_listener("request", note)


def arrived(page: Page, name: str) -> None:
    """Wait until the picture of this name is cut out."""
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.locator("#job-words")).to_contain_text("1 cutout of 1")


@pytest.mark.parametrize("target", ["body", "#url"])
@pytest.mark.parametrize("texts", [{"text/plain": CELLS, "text/html": HTML}, {"text/plain": "one word"}])
def test_pasted_text_fires_nothing(fired: Any, target: str, texts: dict[str, str]) -> None:
    """Cells and paragraphs bring a picture of themselves: wherever they are pasted, no model is asked."""
    page, sent = fired
    page.evaluate(PASTE, [target, texts, [carried("image.png", "image/png", quarters())]])
    words = page.locator("#banner").text_content() if target == "body" else ""
    page.evaluate(PASTE, ["body", {}, [carried("after.png", "image/png", quarters())]])
    arrived(page, "after.png")

    assert len(sent) == 1
    assert words == "" or words.startswith("Text was pasted")


@pytest.mark.parametrize(
    "texts", [{}, {"text/html": '<img src="https://pictures.example/a.png">'}, {"text/plain": "a cat.png"}]
)
def test_a_pasted_picture_or_file_is_fired(fired: Any, texts: dict[str, str]) -> None:
    """A picture alone, one that was copied from a web page, and a file, whose name some systems paste with it."""
    page, sent = fired
    page.evaluate(PASTE, ["body", texts, [carried("a cat.png", "image/png", quarters())]])
    arrived(page, "a cat.png")

    assert len(sent) == 1


@pytest.mark.parametrize("media_type", ["", "application/octet-stream", "text/plain"])
def test_a_picture_is_known_by_its_content(fired: Any, media_type: str) -> None:
    """A file for which the system has no type, or a wrong one, is fired when its bytes are a picture's."""
    page, sent = fired
    for form in ("PNG", "JPEG", "WEBP", "AVIF", "TIFF"):
        page.evaluate(DROP, carried(f"a {form} file", media_type, quarters(form)))
        arrived(page, f"a {form} file")
    page.evaluate(DROP, carried("text", media_type, b"II is no picture"))

    expect(page.locator("#banner")).to_have_text(f"This is not a picture: {READ_WORDS} is expected.")
    assert len(sent) == 5


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_original_and_cutout_stand_alike(fired: Any, form: str) -> None:
    """However a picture's EXIF has it held, the slider compares the same places."""
    page, _ = fired
    for orientation in range(1, 9):
        page.evaluate(DROP, carried(f"held {orientation}", f"image/{form.lower()}", quarters(form, orientation)))
        arrived(page, f"held {orientation}")
        expect(page.locator("#wipe")).to_be_enabled()
        original = page.evaluate(CORNERS, ".before img")
        cutout = page.evaluate(CORNERS, ".done .after img")

        assert np.abs(np.array(original) - np.array(cutout)).max() <= 6, orientation


def test_an_original_that_the_browser_cannot_show_is_not_compared(fired: Any) -> None:
    """A TIFF is cut out; the slider is off, and no broken picture lies before the cutout. The next one has it again."""
    page, _ = fired
    page.evaluate(DROP, carried("scan.tiff", "image/tiff", quarters("TIFF")))
    arrived(page, "scan.tiff")

    expect(page.locator("#wipe")).to_be_disabled()
    assert page.locator(".before img").get_attribute("src") is None

    page.evaluate(DROP, carried("a.png", "image/png", quarters()))
    arrived(page, "a.png")
    expect(page.locator("#wipe")).to_be_enabled()


def test_the_page_asks_for_what_the_service_reads() -> None:
    """The file field takes every format that is read, and the words of its messages name each."""
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    accepted = text.partition('accept="')[2].partition('"')[0].split(",")

    assert {one for one in accepted if "/" in one} == set(READ.values())
    assert f'"{READ_WORDS}"' in (STATIC / "pictures" / "pictures.js").read_text(encoding="utf-8")


def test_a_link_brings_the_address_of_a_picture(fired: tuple[Page, list[str]]) -> None:
    """It is filled in, whatever is in it; nothing is fetched, which may cost money, before somebody says so."""
    page, sent = fired
    page.goto(f"{page.url.partition('#')[0]}?image_url=https%3A%2F%2Fshop.example%2Fa%20b.jpg%3Fsize%3D2%26x%3D1")
    expect(page.locator("#roster li")).to_have_count(1)

    expect(page.get_by_label("Address of a picture")).to_have_value("https://shop.example/a b.jpg?size=2&x=1")
    expect(page.locator("#start")).to_be_visible()
    assert sent == []
