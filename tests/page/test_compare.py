"""The large view: one cutout against another, masks, differences, and what the service would choose."""

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.page.bench import COFFEE, card, drop_and_wait
from tests.page.conftest import Open, Serve
from tests.support.in_process import model

CLIP = "getComputedStyle(document.querySelector('.look .before')).clipPath"
HIDE_LABELS = """() => {
    for (const one of document.querySelectorAll(".look .handle, .look-name")) one.style.display = "none";
}"""
LOWEST = "Math.max(...[...document.querySelectorAll('.card')].map((card) => card.getBoundingClientRect().bottom))"
VERDICT = """async ([summary, names]) => {
    const {verdict} = await import("./static/look/verdict.js");
    return verdict(summary, Object.entries(names).map(([id, name]) => ({id, name})));
}"""
HEAT = """async () => {
    const {heatOf} = await import("./static/look/heat.js");
    const half = async (opaque) => {
        const canvas = new OffscreenCanvas(100, 50);
        const pen = canvas.getContext("2d");
        pen.fillRect(0, 0, opaque, 50);
        return canvas.convertToBlob();
    };
    const {image, share} = await heatOf([await half(100), await half(60)], {width: 100, height: 50});
    const at = (x) => [...image.data.slice(4 * (25 * 100 + x), 4 * (25 * 100 + x) + 4)];
    return {share, alike: at(20), unlike: at(80)};
}"""


def compare(page: Page) -> None:
    """Drop the coffee, and compare its cutouts."""
    drop_and_wait(page)
    page.keyboard.press("l")
    expect(page.locator(".look .after img")).to_be_visible()


def test_one_cutout_against_another_by_a_wipe(page: Page) -> None:
    """Left and right may be any cutout or the photograph; the line between them is drawn, or moved by keys."""
    compare(page)
    assert page.get_by_label("Left", exact=True).input_value() == "original"
    page.get_by_label("Left", exact=True).select_option("Fine Matte")
    left, right = (page.locator(f".look {layer} img").get_attribute("src") for layer in (".before", ".after"))
    assert (left, right) == tuple(
        card(page, name).locator(".after img").get_attribute("src") for name in ("Fine Matte", "Quick Matte")
    )

    assert page.evaluate(CLIP) == "inset(0px 50% 0px 0px)"
    page.get_by_label("Line between the two").press("ArrowRight")
    assert page.evaluate(CLIP) == "inset(0px 49% 0px 0px)"
    box = page.locator(".look .stage").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.51, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, y, steps=4)
    page.mouse.up()
    assert page.evaluate(CLIP) == "inset(0px 20% 0px 0px)"


def test_a_click_on_a_card_shows_it_large(page: Page) -> None:
    """While the large view is open, a click shows a card right, and with Shift left; picking is as before."""
    compare(page)
    card(page, "Fine Matte").locator(".stage").click()
    card(page, "Quick Matte").locator(".stage").click(modifiers=["Shift"])

    expect(page.locator(".look-name.right")).to_have_text("Fine Matte")
    expect(page.locator(".look-name.left")).to_have_text("Quick Matte")
    page.get_by_role("button", name="Pick Fine Matte").click()
    expect(page.locator("#pick")).to_contain_text("Your pick: Fine Matte")


def test_a_mask_is_the_alpha(page: Page, tmp_path: Path) -> None:
    """The mask view shows alpha as grey: on average as light as the alpha of the file is."""
    compare(page)
    page.get_by_label("Left", exact=True).select_option("Quick Matte")
    page.keyboard.press("v")
    image = page.locator(".look .after img")
    image.evaluate("(image) => image.decode()")
    with page.expect_download() as waiting:
        page.evaluate("document.querySelector('.card.done .download').click()")
    with Image.open(waiting.value.path()) as picture:
        alpha = np.asarray(picture.getchannel("A"), np.float32)
    page.evaluate(HIDE_LABELS)
    page.locator(".look .stage").screenshot(path=tmp_path / "stage.png")
    with Image.open(tmp_path / "stage.png") as picture:
        grey = np.asarray(picture.convert("RGB"), np.float32)
    height, width = grey.shape[:2]
    share = min(width / 600, height / 400) ** 2 * 600 * 400 / (width * height)

    assert np.ptp(grey[8:-8, 8:-8], axis=2).max() == 0, "beside the rounded corners"
    assert abs(grey.mean() - alpha.mean() * share) < 2


def test_where_cutouts_differ_and_what_the_service_would_choose(page: Page) -> None:
    """A map is dark and clear where all agree, light and opaque where they do not; words say how much of it that is.

    One sentence names the cutout and what it is best at, another warns; without a comparison there is none.
    """
    scores = {"agreement": 0.97, "edge_alignment": 0.5, "sharpness": 0.9, "score": 0.9}
    best = {"model_id": "a", **scores}
    worse = {"model_id": "b", **scores, "agreement": 0.9, "edge_alignment": 0.6, "score": 0.8}
    told = {"selected_model_id": "a", "agreement": 0.97, "needs_review": False, "results": [best, worse]}
    names = {"a": "Ant", "b": "Bee"}
    why = "agrees most with the others (97 %)"

    assert page.evaluate(VERDICT, [told, names]) == f"The service would choose Ant: it {why}."
    unsure = page.evaluate(VERDICT, [{**told, "needs_review": True}, names])
    assert unsure.endswith("The cutouts differ more than usual: look closely before you use it.")
    alone = {**told, "agreement": None, "needs_review": True, "results": [{**best, "agreement": None}]}
    assert page.evaluate(VERDICT, [alone, names]).startswith("There is no other cutout")
    assert page.evaluate(VERDICT, [{"results": []}, names]) == ""
    assert page.evaluate(HEAT) == {"share": 0.4, "alike": [0, 0, 4, 0], "unlike": [252, 255, 164, 255]}
    compare(page)
    expect(page.locator(".look-words")).to_contain_text("The service would choose")
    page.get_by_role("radio", name="Differences").check()
    expect(page.locator(".look-words")).to_have_text("Both cutouts clearly differ in less than 1 % of the picture.")
    expect(page.locator(".legend")).to_have_text("All agreeThey differ", use_inner_text=False)


def test_a_blind_comparison_does_not_say_what_the_service_would_choose(page: Page) -> None:
    """Neither names nor the choice are shown before the pick."""
    page.get_by_role("switch", name="Blind").check()
    compare(page)

    expect(page.locator(".look-words")).to_have_text("")
    names = set(page.locator(".look option").all_inner_texts()) - {"Photograph"}
    assert len(names) == 2
    assert all(name.startswith("Cutout ") for name in names)


def test_eight_cards_in_one_window(open_page: Open, serve: Serve) -> None:
    """At 1440 by 900 all eight cutouts are in the window at once, with the large view and without."""
    service = serve(*(model(f"m{n}", name=f"Model {n}") for n in range(8)))
    page = open_page(service, viewport={"width": 1440, "height": 900})
    drop_and_wait(page, COFFEE)
    assert page.evaluate(LOWEST) <= 900
    page.keyboard.press("l")
    expect(page.locator(".look")).to_be_visible()
    assert page.evaluate(LOWEST) <= 900
    assert page.evaluate("document.querySelector('.look').getBoundingClientRect().bottom") <= 900
