"""/docs in Chromium: it shows the OpenAPI 3.1 document, and the first request that it offers succeeds."""

from pathlib import Path

from playwright.sync_api import expect

from tests.page.conftest import Open
from tests.page.service import Service


def test_the_first_request_succeeds(open_page: Open, service: Service, tmp_path: Path) -> None:
    """Every operation and webhook is listed in its group; "Try it out" and "Execute", with nothing typed, give 200.

    Nothing comes from another host, and nothing is complained about: conftest.py watches both.
    """
    page = open_page(service, "docs")
    described = page.evaluate("fetch('openapi.json').then((answer) => answer.json())")
    listed = [*described["paths"].values(), *described["webhooks"].values()]

    expect(page.locator(".opblock")).to_have_count(sum(map(len, listed)))
    assert page.locator(".opblock-tag").first.get_attribute("data-tag") == "Cutouts"
    first = page.locator(".opblock").first
    first.locator(".opblock-summary-control").click()
    first.get_by_role("button", name="Try it out").click()
    first.get_by_role("button", name="Execute").click()
    expect(first.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    page.screenshot(path=tmp_path / "docs.png")
