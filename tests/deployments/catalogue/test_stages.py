"""Pictures through the stages of a catalogue, as they run in its actors, without Ray."""

import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from cutout.accounts.charges import Charge
from cutout.errors import ModelUnavailable
from cutout.jobs import Output
from cutout.models.registry import Registry
from cutout.models.selection import ModelSelection
from cutout.models.spec import ModelSpec
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.finish import Finish
from cutout.pixels.plain import Size
from deployments.backends.base import Resources
from deployments.catalogue.entries import entries
from deployments.catalogue.manifest import PART, Row, rows
from deployments.catalogue.places import place
from deployments.catalogue.plan import Plan, Rendition
from deployments.catalogue.stages.cutting import Budget, Cutting, Work
from deployments.catalogue.stages.detailing import Detailing
from deployments.catalogue.stages.finishing import Finishing
from deployments.catalogue.stages.reading import ENTRY, JSON, Reading, planes
from deployments.engines import span
from deployments.remover import Remover
from deployments.upscaler import Upscaler
from tests.providers.runware import PRICE_USD, FakeRunware
from tests.providers.serving import Served
from tests.support.enlarging import Doubling
from tests.support.in_process import model, registry

PHOTOS = Path(__file__).parent.parent.parent / "photos"
FILES = (
    Rendition("{stem}.png", "{stem}.png", Output()),
    Rendition("w", "white/{stem}.jpg", Output("jpeg", None, Finish(background=(255, 255, 255), canvas=Size(300, 300)))),
    Rendition("t", "small/{stem}.webp", Output("webp", None, Finish(crop=True, canvas=Size(64, 64)))),
)
FIRST, SECOND = model("first", family="x", cpu_s=0.1), model("second", cpu_s=0.2)
THIRD = model("third", family="x", cpu_s=0.3)
BROKEN = model("broken", options={"error": "out of ink"})
PAID = model("paid", backend="runware", provider="runware", price_usd=PRICE_USD, options={"model": "runware:110@1"})


class CountedBudget(Budget):
    """Money of a test."""

    def __init__(self, calls: int = 100) -> None:
        self.calls = calls
        self.settled: list[Charge] = []

    async def reserve(self, hold_id: str, charge: Charge) -> str | None:
        self.calls -= 1
        return "no money is left" if self.calls < 0 else None

    async def settle(self, hold_id: str, charge: Charge) -> None:
        self.settled.append(charge)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photographs, and a file that is no picture."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("chelsea.jpg", "rocket.jpg"):
        shutil.copy(PHOTOS / name, folder / name)
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


def made(
    photos: Path,
    specs: Sequence[ModelSpec],
    *asked: str,
    budget: Budget | None = None,
    files: tuple[Rendition, ...] = FILES,
) -> dict[str, Row]:
    """What has become of the pictures, by their names."""
    reg: Registry = registry(*specs)
    out = photos.parent / "out"
    selection = ModelSelection(asked, tuple(spec.id for spec in specs))
    plan = Plan(str(out), reg, selection, files, photos.parent / "compiled")
    found = [JSON.dump_json(entry).decode() for entry in entries(str(photos), place(str(out)))]
    tables, carried = [*Reading(plan)(pa.table({ENTRY: found}))], planes(plan)
    table = pa.concat_tables(tables)
    for spec in plan.specs:
        carried = (*carried, spec.id)
        table = Cutting(Work(plan, spec, Resources(), 2, carried), budget or CountedBudget())(table)
    if plan.detailed:
        table = Detailing(plan, 1, (*carried, *(one.asked for one in plan.detailed)))(table)
    ended = Finishing(plan)(table)
    return {Path(row.address).name: row for row in rows(ended.drop_columns(PART))}


def corner(data: bytes, _: str) -> Image.Image:
    """A cutout of which only a corner is left."""
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    image.putalpha(0)
    image.paste((200, 40, 40, 255), (0, 0, 100, 100))
    return image


def opened(photos: Path, name: str) -> Image.Image:
    return Image.open(io.BytesIO((photos.parent / "out" / name).read_bytes()))


def test_every_picture_becomes_its_files_and_a_row(photos: Path) -> None:
    """Three files of one inference, each with its finish; a file that is no picture is a row that says so."""
    found = made(photos, [FIRST], "first")

    assert {name: row.status for name, row in found.items()} == {
        "chelsea.jpg": "done", "rocket.jpg": "done", "broken.jpg": "failed"
    }  # fmt: skip
    assert "Invalid image format" in str(found["broken.jpg"].error)
    assert found["rocket.jpg"].files == ("rocket.png", "white/rocket.jpg", "small/rocket.webp")
    shown = [opened(photos, name) for name in found["rocket.jpg"].files]
    assert [(one.format, one.size, one.mode) for one in shown[1:]] == [
        ("JPEG", (300, 300), "RGB"), ("WEBP", (64, 64), "RGBA")
    ]  # fmt: skip
    assert (shown[0].mode, shown[0].size) == ("RGBA", Image.open(photos / "rocket.jpg").size)
    assert found["rocket.jpg"].model == "first"
    assert 0 < (found["rocket.jpg"].score or 0) <= 1
    assert found["rocket.jpg"].time_s > 0


LARGE = Rendition("l, detail", "large/{stem}.jpg", Output("jpeg", 2, FILES[1].output.finish, method="detail"))


def test_a_file_by_a_network_is_one_of_several(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its finish, and is written with the others of the same cutout, whose enlargement needs no network."""
    monkeypatch.setattr(span, "span", lambda *_: Doubling())
    larger = Rendition("e", "even/{stem}.png", Output(factor=2))
    by_network = Rendition("d", "fine/{stem}.png", Output(factor=2, method="detail"))
    found = made(photos, [FIRST, SECOND], "fused", files=(FILES[0], larger, LARGE, by_network))

    row = found["rocket.jpg"]
    assert (row.status, row.model, found["broken.jpg"].status) == ("done", "fused", "failed")
    shown = [opened(photos, name) for name in row.files]
    width, height = Image.open(photos / "rocket.jpg").size
    assert [one.size for one in shown] == [
        (width, height),
        (width * 2, height * 2),
        (300, 300),
        (width * 2, height * 2),
    ]
    assert shown[1] != shown[3]


def test_a_network_that_cannot_be_had_is_a_row(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row says why, and keeps what the cutout cost; where there is no cutout for want of money it says that."""

    def missing(*_: int) -> Any:
        raise ModelUnavailable("method: detail cannot be used: no weights")

    monkeypatch.setattr(span, "span", missing)
    runware = FakeRunware()
    with Served(runware.app) as server:
        monkeypatch.setenv("RUNWARE_API_KEY", "fake")
        monkeypatch.setenv("RUNWARE_BASE_URL", f"{server.url}/v1")
        unpaid = made(photos, [PAID], "paid", budget=CountedBudget(0), files=(LARGE,))["rocket.jpg"]
        failed = made(photos, [PAID], "paid", files=(FILES[0], LARGE))["rocket.jpg"]

    assert (failed.status, failed.cost_usd) == ("failed", PRICE_USD)
    assert failed.error == "method: detail cannot be used: no weights"
    assert failed.time_s > 0
    assert (unpaid.status, unpaid.error) == ("unpaid", "paid: no money is left")


def test_auto_asks_no_more_models_than_it_needs(photos: Path) -> None:
    """Two that agree are enough; where one of them fails, the others are asked."""
    agreed = made(photos, [FIRST, SECOND, THIRD], "auto")["rocket.jpg"]
    failed = made(photos, [FIRST, BROKEN, THIRD], "auto")["rocket.jpg"]

    assert agreed.model in ("first", "second")
    assert (failed.status, failed.model in ("first", "third")) == ("done", True)


def test_fused_is_made_of_the_others(photos: Path) -> None:
    """It is what is written; with too few cutouts there is none, and the row says why."""
    assert made(photos, [FIRST, SECOND], "fused")["rocket.jpg"].model == "fused"
    assert "out of ink" in str(made(photos, [FIRST, BROKEN], "fused")["rocket.jpg"].error)


def test_a_paid_cutout_is_paid_once(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Done again, whatever the reason, no picture is sent to the provider again; its cost stays in its row."""
    runware = FakeRunware()
    with Served(runware.app) as server:
        monkeypatch.setenv("RUNWARE_API_KEY", "fake")
        monkeypatch.setenv("RUNWARE_BASE_URL", f"{server.url}/v1")
        budget = CountedBudget()
        found = [made(photos, [PAID], "paid", budget=budget) for _ in range(2)]

    assert len(runware.script.seen("task")) == 2
    assert [charge.usd for charge in budget.settled] == [PRICE_USD, PRICE_USD]
    assert [sum(row.cost_usd for row in one.values()) for one in found] == [2 * PRICE_USD, 2 * PRICE_USD]


def test_a_print_that_turns_out_too_small_keeps_its_cost(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture is too small as a whole, and is not paid for; of the other, what the crop shows is too small."""
    finish = Finish(crop=True, canvas=Size(640, 640), dpi=300, least_dpi=290)
    files = (Rendition("print", "{stem}.png", Output(finish=finish)),)
    runware = FakeRunware()
    runware.cut = corner
    with Served(runware.app) as server:
        monkeypatch.setenv("RUNWARE_API_KEY", "fake")
        monkeypatch.setenv("RUNWARE_BASE_URL", f"{server.url}/v1")
        found = made(photos, [PAID], "paid", files=files)

    assert {name: row.cost_usd for name, row in found.items()} == {
        "chelsea.jpg": 0.0, "rocket.jpg": PRICE_USD, "broken.jpg": 0.0
    }  # fmt: skip
    assert [row.status for row in found.values()] == ["failed"] * 3
    for name in ("chelsea.jpg", "rocket.jpg"):
        assert "least_dpi: this picture has" in str(found[name].error)


def test_without_money_a_picture_is_not_paid_for(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no failure, and nobody is asked; `auto` goes on with what is free."""
    monkeypatch.setenv("RUNWARE_API_KEY", "fake")
    alone = made(photos, [PAID], "paid", budget=CountedBudget(0))["rocket.jpg"]
    beside = made(photos, [BROKEN, FIRST, PAID], "auto", budget=CountedBudget(0))["rocket.jpg"]

    assert (alone.status, alone.error) == ("unpaid", "paid: no money is left")
    assert (beside.status, beside.model, beside.cost_usd) == ("done", "first", 0.0)


def test_a_place_that_cannot_be_written_is_a_row(photos: Path) -> None:
    """The results' folder is a file: each row says so."""
    out = photos.parent / "out"
    out.mkdir()
    (out / "white").write_bytes(b"")
    found = made(photos, [FIRST], "first")

    assert found["rocket.jpg"].status == "failed"
    assert "white/rocket.jpg" in str(found["rocket.jpg"].error)


@pytest.mark.parametrize("broken", [Decoder.decode, Remover.remove, Upscaler.upscale])
def test_an_error_of_any_kind_is_a_row(photos: Path, broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks in a stage fails its picture alone."""

    async def breaks(*_: object) -> None:
        raise RuntimeError("out of luck")

    owner = {"decode": Decoder, "remove": Remover, "upscale": Upscaler}[broken.__name__]
    monkeypatch.setattr(owner, broken.__name__, breaks)
    found = made(photos, [FIRST], "first")

    assert {row.status for row in found.values()} == {"failed"}
    assert "Internal error: RuntimeError: out of luck" in str(found["rocket.jpg"].error)
