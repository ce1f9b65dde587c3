"""From a photograph to a pick, in a real browser against a real service."""

from playwright.sync_api import Page, expect

from tests.page.bench import COFFEE, DASH, ROCKET, TIMES, arrived, card, drop_and_wait, logged
from tests.page.chromium import drop
from tests.page.conftest import Open
from tests.page.service import Service

COUNT_URLS = """() => {
    window.urls = new Set();
    const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
    URL.createObjectURL = (blob) => { const url = make(blob); urls.add(url); return url; };
    URL.revokeObjectURL = (url) => { urls.delete(url); revoke(url); };
}"""


def test_cards_arrive_one_by_one_and_an_early_pick_waits(page: Page, service: Service) -> None:
    """A fast model's cutout is there while a slow one still works; then both are, in the order of the start.

    A pick meanwhile is held until the job has ended, since the service knows no job before.
    """
    with service.held("slow"):
        drop(page, COFFEE)
        expect(page.locator(".card.done .name")).to_have_text(["Quick Matte"])
        expect(page.locator(".card.waiting .name")).to_have_text(["Fine Matte"])
        page.get_by_role("button", name="Pick Quick Matte").click()
        expect(page.locator(".pick-words")).to_have_text("Your pick: Quick Matte")
        assert service.picks() == {}

    expect(page.locator(".card.done")).to_have_count(2)
    assert page.locator(".card .name").all_text_contents() == ["Quick Matte", "Fine Matte", "Dry Pen"]
    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")
    logged(page, "Quick Matte")
    assert service.picks() == {"fast": 1}


def test_what_cards_tell(page: Page) -> None:
    """Each cutout comes with its time, its cost, and whether it may be sold; the job with its own.

    A failing model's card has its words, and its key picks nothing; an unavailable one is listed with its reason.
    """
    expect(page.locator("#roster .absent")).to_contain_text("Not set up")
    drop_and_wait(page)

    fine, quick = card(page, "Fine Matte"), card(page, "Quick Matte")
    expect(fine.locator(".time")).to_contain_text(" s")
    expect(fine.locator(".cost")).to_have_text("$0.0006")
    expect(fine.locator(".licence")).to_have_text("CC-BY-NC-4.0")
    expect(fine.locator(".resale summary")).to_have_text("No")
    expect(quick.locator(".cost")).to_have_text("free")
    expect(quick.locator(".licence")).to_have_text("MIT")
    expect(quick.locator(".resale summary")).to_have_text("Yes")
    expect(page.locator("#job-words")).to_contain_text(f"600 {TIMES} 400 px · 2 cutouts of 3 in")
    expect(page.locator("#job-words")).to_contain_text("$0.0006")

    expect(card(page, "Dry Pen")).to_contain_text("The ink ran out")
    expect(card(page, "Dry Pen").get_by_role("button")).to_have_text(["Try again"])
    expect(card(page, "Dry Pen").locator(".facts")).to_be_hidden()
    expect(page.locator("#skipped")).to_contain_text("Far Away Not set up")
    page.keyboard.press("3")
    expect(page.locator("#pick")).to_be_hidden()


def test_a_pick_by_click_is_in_the_stats(page: Page, service: Service) -> None:
    """One click picks; who goes to the leaderboard finds it there, with its interval."""
    drop_and_wait(page)
    card(page, "Fine Matte").get_by_role("button", name="Pick Fine Matte").click()
    page.get_by_role("link", name="Leaderboard").click()

    row = page.get_by_role("row", name="Fine Matte")
    expect(row).to_contain_text("1 of 1")
    expect(row).to_contain_text(f"21 {DASH} 100 %")
    expect(page.locator("#leaderboard-words")).to_contain_text("do not tell Fine Matte and Quick Matte apart")
    assert service.picks() == {"slow": 1}


def test_undo_sends_nothing(page: Page, service: Service) -> None:
    """A pick that is undone was never logged; after a logged one, undo goes back to that one."""
    drop_and_wait(page)
    page.keyboard.press("1")
    page.keyboard.press("u")
    expect(page.locator("#pick")).to_be_hidden()

    page.keyboard.press("2")
    logged(page, "Fine Matte")
    page.keyboard.press("1")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#pick")).to_contain_text("Your pick: Fine Matte")
    expect(page.get_by_role("button", name="Picked Fine Matte")).to_be_visible()
    page.get_by_role("link", name="Leaderboard").click()
    expect(page.get_by_role("row", name="Fine Matte")).to_be_visible()

    assert service.picks() == {"slow": 1}


def test_a_page_that_goes_away_sends_what_it_holds(page: Page, service: Service) -> None:
    """A pick just made is not lost when the tab is closed."""
    drop_and_wait(page)
    page.keyboard.press("1")
    page.goto("about:blank")

    arrived(service, {"fast": 1})


def test_the_next_picture_logs_the_pick_before_and_forgets_its_pictures(page: Page, service: Service) -> None:
    """A new picture takes the place of the old one, whose pick is sent, and whose pictures leave the memory."""
    page.evaluate(COUNT_URLS)
    drop_and_wait(page)
    page.keyboard.press("1")
    drop_and_wait(page, ROCKET)

    expect(page.locator(".card.done")).to_have_count(2)
    expect(page.locator("#pick")).to_be_hidden()
    assert service.picks() == {"fast": 1}
    assert page.evaluate("urls.size") == 3, "the photograph and two cutouts"


def test_a_look_at_the_leaderboard_loses_nothing(page: Page) -> None:
    """The leaderboard is a view of the same page: back on the bench all is as it was."""
    drop_and_wait(page)
    page.get_by_role("link", name="Leaderboard").click()
    expect(page).to_have_title("Leaderboard · Cutout Shotgun")
    expect(page.locator("#leaderboard-words")).to_contain_text("No picks yet")
    page.go_back()

    expect(page).to_have_title("coffee.jpg · Cutout Shotgun")
    expect(card(page, "Quick Matte").get_by_role("img", name="Cutout of Quick Matte")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="Leaderboard")).to_be_focused()
    drop(page, COFFEE)
    expect(page.get_by_role("heading", level=1, name="coffee.jpg")).to_be_focused()


def test_the_photograph_to_try(open_page: Open, service: Service) -> None:
    """Who has no picture at hand uses the page's own."""
    page = open_page(service)
    page.get_by_role("button", name="Try it with this photograph").click()

    expect(page.locator("#job-words")).to_contain_text(f"512 {TIMES} 512 px · 2 cutouts of 3")


def test_a_pasted_picture(page: Page) -> None:
    """A picture on the clipboard is fired when it is pasted."""
    page.evaluate(
        """async () => {
            const picture = await (await fetch("static/sample.avif")).blob();
            const data = new DataTransfer();
            data.items.add(new File([picture], "pasted.jpg", {type: picture.type}));
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data}));
        }"""
    )

    expect(page.get_by_role("heading", level=1, name="pasted.jpg")).to_be_visible()
    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")
