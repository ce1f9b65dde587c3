"""The page and the service's word, where a wrong page would look right."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.page.bench import COFFEE, arrived, card, drop_and_wait, logged
from tests.page.conftest import Open, Serve
from tests.page.service import Service
from tests.support.in_process import model

HELD_MS = 6_000
"""Longer than a pick is held."""
REASON = "Not installed on this server."


def test_each_key_alone_is_the_pick_that_is_logged(page: Page, service: Service) -> None:
    """A number key picks its card, and 0 none of them, each counted by the service before another replaces it."""
    drop_and_wait(page)
    for key, name, counted in (("2", "Fine Matte", "slow"), ("1", "Quick Matte", "fast")):
        page.keyboard.press(key)
        logged(page, name)
        assert service.picks() == {counted: 1}
    page.keyboard.press("0")
    expect(page.locator("#pick")).to_contain_text("None of them is good.")
    page.get_by_role("link", name="Leaderboard").click()
    arrived(service, {"none": 1})


@pytest.mark.parametrize("undone", [True, False])
def test_only_a_pick_that_is_not_undone_is_ever_sent(open_page: Open, service: Service, undone: bool) -> None:
    """Held for longer than it takes, a pick is sent by itself; undone before, nothing is, not by leaving either."""
    page = open_page(service, alone=True)  # the clock is its whole window's
    page.clock.install()
    page.reload()
    expect(page.locator("#roster li")).to_have_count(5)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "log-selection" in request.url else None)
    drop_and_wait(page)
    page.keyboard.press("1")
    if undone:
        page.keyboard.press("u")
    page.clock.run_for(HELD_MS)
    if undone:
        expect(page.locator("#pick")).to_be_hidden()
    else:
        expect(page.locator("#pick")).to_have_attribute("data-state", "logged")
    page.get_by_role("link", name="Leaderboard").click()

    words = "No picks yet" if undone else "do not tell Quick Matte and Fine Matte apart"
    expect(page.locator("#leaderboard-words")).to_contain_text(words)
    assert sent == ([] if undone else [f"{service.url}log-selection"])
    assert service.picks() == ({} if undone else {"fast": 1})


def test_weights_that_do_not_exist(open_page: Open, serve: Serve, tmp_path: Path) -> None:
    """A model without its file is listed with the reason, before and after, has no card, and spoils no other."""
    weights = {"name": "absent", "file": str(tmp_path / "absent.onnx")}
    shape = {"size_px": 320, "mean": (0, 0, 0), "std": (1, 1, 1)}
    models = (
        model("fast"),
        model("slow", options={"delay_s": 0.05}),
        model("failing", options={"error": "out of ink"}),
        model("fileless", backend="onnx", options={"weights": weights, **shape}),
    )
    page = open_page(serve(*models))
    expect(page.locator("#roster .absent")).to_contain_text(REASON)
    page.locator("#file").set_input_files(COFFEE)

    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")
    expect(card(page, "Failing")).to_contain_text("Out of ink.")
    expect(card(page, "Fileless")).to_have_count(0)
    expect(page.locator("#skipped")).to_contain_text(REASON)


def test_no_key_stands_twice_in_the_list(page: Page) -> None:
    """What does the same in two views, as the finish of one picture and of many, is listed once."""
    page.get_by_role("button", name="Keys").click()
    labels = page.locator("#keys-list kbd").all_inner_texts()

    assert {"H", "N", "Enter"} <= set(labels)
    assert len(labels) == len(set(labels))
