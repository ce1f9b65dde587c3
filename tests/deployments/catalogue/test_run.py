"""What is left of a catalogue, where a run stops, and its report."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cutout.errors import Conflict, ValidationError
from cutout.models.selection import ModelSelection
from deployments.catalogue.entries import Entry, entries
from deployments.catalogue.manifest import Manifest, Row
from deployments.catalogue.places import Folder
from deployments.catalogue.plan import Plan
from deployments.catalogue.progress import Progressing
from deployments.catalogue.report import page, sheet
from deployments.catalogue.run import Outcome, Terms, run, spread, stop, to_do
from tests.support.in_process import model, registry

ENTRIES = [Entry(f"/in/{number}.jpg", f"{number}.jpg", f"{number}", "1") for number in range(100)]
DONE = Row("/in/0.jpg", "1", "d", "r", "done", "isnet", 0.9, cost_usd=0.01, time_s=2.0, files=("0.png",))
FAILED = replace(DONE, address="/in/<1>.jpg", status="failed", error="no & picture", files=(), cost_usd=0.0)


def test_a_sample_is_spread_over_the_catalogue() -> None:
    """The same pictures at every start; all of a small catalogue."""
    assert [entry.stem for entry in spread(ENTRIES, 4)] == ["0", "25", "50", "75"]
    assert spread(ENTRIES, 1000) == ENTRIES


def test_what_is_done_is_not_done_again() -> None:
    """By the same recipe."""
    assert to_do(ENTRIES, {DONE.address: DONE}, "r") == ENTRIES[1:]
    assert to_do(ENTRIES, {DONE.address: DONE}, "another") == ENTRIES


@pytest.mark.parametrize(("failed", "stops"), [(1, False), (2, True), (60, True)])
def test_a_run_that_goes_wrong_stops(failed: int, stops: bool) -> None:
    """The first failures are compared with a hundred pictures."""
    progress = Progressing(1000)
    progress.add([FAILED] * failed)

    assert bool(stop([], progress, Terms("", fail_above=0.01))) is stops
    assert stop([], progress, Terms("")) is None


def test_a_run_without_money_stops() -> None:
    """And says which limit it was."""
    unpaid = replace(FAILED, status="unpaid", error="paid: no money")

    assert stop([DONE, unpaid], Progressing(2), Terms("")) == "Stopped: paid: no money"


def test_progress_has_pace_money_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line; a failure is named at once."""
    progress = Progressing(100)
    progress.add([DONE, DONE, FAILED])

    assert progress.line().endswith("left, 0.02 USD, 1 failed")
    assert "/in/<1>.jpg: no & picture" in capsys.readouterr().err


def test_the_report_stands_alone(tmp_path: Path) -> None:
    """Counts, money, the least sure cutouts with their pictures within, and what was not made, escaped."""
    Image.new("RGBA", (40, 30), (200, 30, 30, 255)).save(tmp_path / "0.png")
    unsure = replace(DONE, score=0.2, review="The <best> score is low")
    out = Folder(tmp_path)
    text = asyncio.run(page(out, [DONE, unsure, FAILED]))

    assert text.index("The &lt;best&gt; score is low") > text.index("data:image/webp;base64,")
    assert all(part in text for part in ("/in/&lt;1&gt;.jpg", "no &amp; picture", "0.02 USD", 'href="0.png"'))
    assert "http" not in text
    assert asyncio.run(sheet(out, [DONE, FAILED])).shape[2] == 3


def test_the_report_links_to_a_page_for_mending(tmp_path: Path) -> None:
    """Of a picture that a service can fetch; its address is one value of the link, whatever is in it."""
    public = replace(DONE, address="https://shop.example/a b.jpg?size=2&x=1", files=())
    text = asyncio.run(page(Folder(tmp_path), [public, DONE], "https://cutouts.example/"))

    assert re.findall('href="([^"]*)">mend', text) == [
        "https://cutouts.example/?image_url=https%3A%2F%2Fshop.example%2Fa%20b.jpg%3Fsize%3D2%26x%3D1"
    ]


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """A run over a catalogue that is done reports it, without Ray; while it is held by another one, it is refused."""
    Image.new("RGBA", (40, 30), (200, 30, 30, 255)).save(tmp_path / "0.png")
    out = Folder(tmp_path / "out")
    plan = Plan(out.address, registry(model("first")), ModelSelection(("first",), ("first",)), (), tmp_path)
    [entry] = entries(str(tmp_path), out)
    done = replace(DONE, address=entry.address, version=entry.version, recipe=plan.recipe, files=())
    asyncio.run(Manifest(out).add([done]))

    assert run(str(tmp_path), plan, Terms("")) == Outcome(0, None)
    assert (tmp_path / "out" / "report.html").is_file()
    with out.held(), pytest.raises(Conflict, match="another run is at work"):
        run(str(tmp_path), plan, Terms(""))
    with pytest.raises(ValidationError, match=r"--page: pictures at http\(s\) addresses expected"):
        run(str(tmp_path), plan, Terms("", service_url="https://cutouts.example/"))
