"""A link to cutouts: made on the page, and opened by somebody who has nothing but the link."""

from PIL import Image
from playwright.sync_api import Page, expect

from tests.page import axe
from tests.page.bench import card, drop_and_wait
from tests.page.conftest import Open
from tests.page.service import Service
from tests.page.test_trouble import allow

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
SIZES = """async () => {
    const images = [...document.querySelectorAll(".stage img")];
    await Promise.all(images.map((image) => image.decode()));
    return images.map(({naturalWidth, naturalHeight}) => [naturalWidth, naturalHeight]);
}"""


def copied(page: Page, what: str) -> str:
    """Make a link for a choice, an hour long; gives the link on the clipboard."""
    page.keyboard.press("s")
    window = page.get_by_role("dialog", name="Share by a link")
    window.get_by_label("What").select_option(what)
    window.get_by_label("The link works for").select_option("1 hour")
    window.get_by_role("button", name="Copy link").click()
    expect(window.get_by_role("status")).to_contain_text("Copied. It works until ")
    link: str = page.evaluate("navigator.clipboard.readText()")
    assert window.get_by_label("Link", exact=True).input_value() == link
    window.get_by_role("button", name="Close").click()
    return link


def test_a_cutout_is_shared(page: Page, service: Service, open_page: Open, axe_script: str) -> None:
    """The link shows it beside the photograph, by a slider, and downloads it under the photograph's name."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drop_and_wait(page)
    link = copied(page, "Fine Matte")

    other = open_page(service, link.removeprefix(service.url), **PHONE)
    expect(other).to_have_title("coffee")
    expect(other.get_by_role("img", name="Cutout by Fine Matte")).to_be_visible()
    expect(other.get_by_role("button")).to_have_count(0)
    assert other.evaluate(SIZES) == [[600, 400]] * 2
    other.get_by_label("Before").fill("40")
    assert other.evaluate("getComputedStyle(document.querySelector('.before')).clipPath") == "inset(0px 60% 0px 0px)"
    with other.expect_download() as waiting:
        other.get_by_role("link").click()
    assert waiting.value.suggested_filename == "coffee-slow.png"
    with Image.open(waiting.value.path()) as picture:
        assert (picture.size, picture.mode) == ((600, 400), "RGBA")
    assert axe.faults(other, axe_script) == []
    assert other.evaluate("document.documentElement.scrollWidth") == 390


def test_a_whole_job_is_shared_until_it_is_deleted(page: Page, service: Service, open_page: Open) -> None:
    """All its cutouts are on one page; once the job is deleted, the page says so."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    drop_and_wait(page)
    link = copied(page, "All 2 cutouts")
    other = open_page(service, link.removeprefix(service.url))
    expect(other.get_by_role("heading", level=2)).to_have_text(["Quick Matte", "Fine Matte"])

    page.get_by_role("link", name="Cutout Shotgun").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Delete coffee.jpg").click()
    allow(other, "status of 410")
    other.reload()
    expect(other.get_by_role("main")).to_contain_text("What this link showed has been deleted.")


def test_nothing_is_shared_while_names_are_hidden(page: Page) -> None:
    """The page of a link names the models, so there is none before a blind pick, nor before the job has ended."""
    page.get_by_role("switch", name="Blind").check()
    share = page.get_by_role("button", name="Share")
    drop_and_wait(page)
    expect(share).to_be_disabled()
    page.get_by_role("switch", name="Blind").uncheck()

    expect(share).to_be_enabled()
    expect(card(page, "Quick Matte")).to_be_visible()
