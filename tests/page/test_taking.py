"""Picking means taking: by Enter, on the clipboard, drawn out of the page; and a failed model tried again."""

import base64
import io

from PIL import Image
from playwright.sync_api import Page, expect

from tests.page.bench import card, drop_and_wait
from tests.page.service import Service
from tests.page.test_trouble import allow

COPIED = """async () => {
    const [item] = await navigator.clipboard.read();
    const reader = new FileReader();
    const read = new Promise((loaded) => { reader.onload = loaded; });
    reader.readAsDataURL(await item.getType("image/png"));
    await read;
    return reader.result.split(",")[1];
}"""
DRAWN = """() => {
    const stage = document.querySelector(".done .stage");
    stage.dispatchEvent(new PointerEvent("pointerdown", {pointerType: "mouse", pointerId: 1, bubbles: true}));
    const data = new DataTransfer();
    stage.dispatchEvent(new DragEvent("dragstart", {dataTransfer: data, bubbles: true}));
    return [stage.draggable, data.getData("DownloadURL").split(":blob:")[0]];
}"""


def test_c_copies_the_pick_and_enter_downloads_it_and_logs_it(page: Page, service: Service) -> None:
    """C puts the picked cutout on the clipboard, transparent and in its own size.

    With Enter the file is named after the photograph, and the pick is with the service.
    """
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drop_and_wait(page)
    page.keyboard.press("1")
    page.keyboard.press("c")
    expect(page.locator("#pick")).to_contain_text("Copied: Quick Matte")

    with Image.open(io.BytesIO(base64.b64decode(page.evaluate(COPIED)))) as picture:
        assert (picture.size, picture.mode) == ((600, 400), "RGBA")

    page.keyboard.press("2")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")

    assert waiting.value.suggested_filename == "coffee-slow.png"
    expect(page.locator("#pick")).to_contain_text("Downloaded coffee-slow.png")
    expect(page.locator("#pick")).to_have_attribute("data-state", "logged")
    assert service.picks() == {"slow": 1}


def test_a_card_is_drawn_out_of_the_page(page: Page) -> None:
    """Dragged, a cutout is a file of its photograph's name, and picked; zoomed, a drag pans."""
    drop_and_wait(page)

    assert page.evaluate(DRAWN) == [True, "image/png:coffee-fast.png"]
    expect(page.locator("#pick")).to_contain_text("Your pick: Quick Matte")
    page.keyboard.press("+")
    assert page.evaluate(DRAWN)[0] is False


def test_a_failed_model_is_tried_again(page: Page, service: Service) -> None:
    """The failed card has the reason and a button; a second failure says why, a success is a card as any other."""
    allow(page, "status of 422")
    drop_and_wait(page)
    again = card(page, "Dry Pen").get_by_role("button", name="Try again: Dry Pen")
    again.click()
    expect(again).to_be_visible()
    expect(card(page, "Dry Pen")).to_contain_text("The ink ran out.")

    with service.mended("broken"):
        again.click()
        expect(card(page, "Dry Pen").get_by_role("img", name="Cutout of Dry Pen")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#pick")).to_have_attribute("data-state", "logged")
    assert service.picks() == {"broken": 1}
    page.reload()
    expect(page.locator("#job-words")).to_contain_text("3 cutouts of 3")
