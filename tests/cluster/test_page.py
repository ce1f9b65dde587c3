"""The page in a real Chromium, on the real service: Ray, HAProxy, real weights."""

import re
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Page, expect

from tests.cluster.conftest import Service
from tests.page import chromium
from tests.page.bench import COFFEE, TIMES, card, logged
from tests.providers.script import Script
from tests.support.patience import HANG_S

FIRED = ("local_u2netp", "slow", "runware_rmbg2")


def test_a_picture_is_dropped_and_the_best_cutout_picked(service: Service) -> None:
    """Cards fill while another model works, streamed through HAProxy; the pick is in the stats; nothing complains."""
    before = _picks(service, "slow")
    usual_s, service.runware.script.latency_s = service.runware.script.latency_s, HANG_S
    try:
        with ThreadPoolExecutor(1) as apart:  # Playwright leaves an event loop in its thread
            apart.submit(_walk, str(service.http.base_url), service.runware.script).result()
    finally:
        service.runware.script.latency_s = usual_s

    assert _picks(service, "slow") == before + 1


def _walk(url: str, provider: Script) -> None:
    with chromium.launched() as browser:
        window = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        watch, page = chromium.Watch(window), window.new_page()
        page.goto(url)
        _choose(page)
        chromium.drop(page, COFFEE)
        expect(card(page, "Slow").get_by_role("button", name="Pick")).to_be_visible()
        expect(card(page, "Runware RMBG 2.0").get_by_role("button", name="Pick")).to_be_hidden()
        provider.latency_s = 0
        expect(page.locator("#job-words")).to_contain_text(re.compile("3 cutouts of"))
        card(page, "Slow").get_by_role("button", name=f"2{TIMES}").click()
        expect(card(page, "Slow").locator(".size")).to_contain_text(f"1200 {TIMES} 800")
        card(page, "Slow").get_by_role("button", name="Pick").click()
        logged(page, "Slow")
        page.get_by_role("link", name="Leaderboard").click()
        expect(page.get_by_role("row", name="Slow")).to_contain_text("%")
        assert (watch.complaints, watch.hosts) == ([], {url.removeprefix("http://").strip("/")})


def _choose(page: Page) -> None:
    """Leave only these models ticked."""
    page.locator("details.roster summary").click()
    boxes = page.locator("#roster").get_by_role("checkbox")
    expect(boxes.first).to_be_visible()
    for box in boxes.all():
        box.set_checked(box.evaluate("box => box.value") in FIRED)


def _picks(service: Service, model_id: str) -> int:
    models = service.http.get("/selections/stats").json()["total"]["models"]
    return sum(one["picks"] for one in models if one["model_id"] == model_id)
