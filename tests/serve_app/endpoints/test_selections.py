"""Picks over HTTP, kept by a real ledger on SQLite."""

import csv
import io
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cutout.errors import ServiceUnavailable
from cutout.picks.pick import Logged, LoggedPick, Pick
from cutout.picks.statistics import Stats
from cutout.picks.worth import Effect, Shown, Worth, Worths
from deployments.ledger import DatabaseLedger
from deployments.records.queries import put_worths
from serve_app import contract
from serve_app.app import create_app
from serve_app.endpoints.export import FORMULA, PICK_COLUMNS, Pages, pick_row, write_csv
from tests.support.in_process import model, registry, shotgun
from tests.support.job_records import job

pytestmark = pytest.mark.anyio


def client_of(ledger: DatabaseLedger) -> httpx.AsyncClient:
    """The HTTP service with this ledger and one model."""
    app = create_app(shotgun(registry(model("first")), ledger), ledger)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[DatabaseLedger]:
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.db", lease_s=60)
    await ledger.start()
    yield ledger
    await ledger.close()


@pytest.fixture
async def client(ledger: DatabaseLedger) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(ledger) as client:
        yield client


@pytest.fixture
async def job_id(ledger: DatabaseLedger) -> str:
    """A job that offered two models."""
    made = job("second", "first")
    await ledger.record(made)
    return made.job_id


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (6, 4), "olive").save(out, "PNG")
    return out.getvalue()


async def log(client: httpx.AsyncClient, job_id: str, model_id: str = "first", **fields: Any) -> httpx.Response:
    return await client.post("/log-selection", json={"job_id": job_id, "selected_model_id": model_id, **fields})


def error(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    contract.ErrorBody.model_validate(response.json())
    found: dict[str, Any] = response.json()["error"]
    return found


async def test_a_pick_is_logged_as_the_contract_says(client: httpx.AsyncClient, job_id: str) -> None:
    """The answer is `logged` with a uuid4, and nothing else."""
    response = await log(client, job_id, image_category="illustration", notes="cleanest edges")

    body = response.json()
    assert response.status_code == 200
    assert body == {"status": "logged", "selection_id": body["selection_id"]}
    assert uuid.UUID(body["selection_id"]).version == 4


async def test_a_pick_may_follow_a_shotgun(client: httpx.AsyncClient, picture: bytes) -> None:
    """The job id in an answer can be picked from at once, for what that job offered."""
    headers = {"content-type": "image/png"}
    fired = (await client.post("/remove-background", content=picture, headers=headers)).json()

    assert (await log(client, fired["job_id"], "first")).json()["status"] == "logged"
    assert error(await log(client, fired["job_id"], "second"), 400)["message"].endswith("expected: first, none")


async def test_a_second_pick_says_that_it_replaced_the_first(client: httpx.AsyncClient, job_id: str) -> None:
    """The later pick counts, under the same id; `none` is a pick like another."""
    first = (await log(client, job_id)).json()

    second = (await log(client, job_id, "none")).json()

    assert second == first | {"replaced": True}
    contract.SelectionBody.model_validate(second)
    stats = (await client.get("/selections/stats")).json()
    assert (stats["total"]["picks"], stats["total"]["none"]) == (1, 1)


async def test_an_unknown_job_is_not_found(client: httpx.AsyncClient) -> None:
    """404 for a job that never was, whatever its id looks like."""
    for job_id in (str(uuid.uuid4()), "no-uuid"):
        assert error(await log(client, job_id), 404)["details"]["field"] == "job_id"


async def test_a_model_that_was_not_offered_is_refused(client: httpx.AsyncClient, job_id: str) -> None:
    """400 for a model that failed in the job; the message names those that can be picked."""
    found = error(await log(client, job_id, "broken"), 400)

    assert found["type"] == "validation_error"
    assert found["message"] == "A model that this job offered is expected: second, first, none"
    assert found["details"] == {"field": "selected_model_id", "received": "broken"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"image_category": "x" * 65}, "image_category"),
        ({"notes": "x" * 2001}, "notes"),
        ({"notes": "a\0b"}, "notes"),
        ({"notes": 5}, "notes"),
        ({"job_id": None}, "job_id"),
        ({"selected_model_id": ["first"]}, "selected_model_id"),
        ({"rating": 5}, "rating"),
    ],
)
async def test_refuses_what_is_wrong_by_field(
    client: httpx.AsyncClient, job_id: str, fields: dict[str, Any], field: str
) -> None:
    """A wrong field is refused by its name, and nothing is logged."""
    response = await client.post("/log-selection", json={"job_id": job_id, "selected_model_id": "first"} | fields)

    assert error(response, 400)["details"]["field"] == field
    assert (await client.get("/selections/stats")).json()["total"]["picks"] == 0


@pytest.mark.parametrize(
    ("content", "content_type", "field"),
    [
        (b"{", "application/json", "body"),
        (b"[]", "application/json", "body"),
        (b'{"job_id": "a", "selected_model_id": "\\ud800"}', "application/json", "selected_model_id"),
        (b" " * 70_000 + b"{}", "application/json", "body"),
        (b"{}", "application/json", "job_id"),
        (b"job_id=a", "application/x-www-form-urlencoded", "Content-Type"),
    ],
)
async def test_refuses_other_bodies(client: httpx.AsyncClient, content: bytes, content_type: str, field: str) -> None:
    """A body that is no JSON form, or too large, is refused in the contract's form."""
    response = await client.post("/log-selection", content=content, headers={"content-type": content_type})

    assert error(response, 400)["details"]["field"] == field


async def test_stats_have_every_rate_with_its_n_and_interval(client: httpx.AsyncClient, ledger: DatabaseLedger) -> None:
    """Per model and per category: picks, times offered, rate, interval; tags are trimmed, an empty one is none."""
    for category, model_id in (("glass", "first"), (" glass\n", "none"), ("", "second")):
        made = job("first", "second")
        await ledger.record(made)
        await log(client, made.job_id, model_id, image_category=category)

    body = (await client.get("/selections/stats")).json()

    contract.StatsBody.model_validate(body)
    assert [(m["model_id"], m["picks"], m["offered"]) for m in body["total"]["models"]] == [
        ("first", 1, 3), ("second", 1, 3),
    ]  # fmt: skip
    (only,) = body["categories"]
    first = body["categories"][only]["models"][0]
    assert only == "glass"
    assert first == {
        "model_id": "first", "picks": 1, "offered": 2, "win_rate": 0.5,
        "low": pytest.approx(0.0945, abs=1e-4), "high": pytest.approx(0.9055, abs=1e-4),
    }  # fmt: skip


async def test_json_export_has_every_pick(
    client: httpx.AsyncClient, ledger: DatabaseLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One array over all pages, oldest first, with what was offered in the order shown; no job ids."""
    assert (await client.get("/selections/export?format=json")).json() == []
    monkeypatch.setattr("deployments.picks.PAGE_ROWS", 2)
    made = [job("second", "first") for _ in range(5)]
    for each in made:
        await ledger.record(each)
    ids = [(await log(client, each.job_id, notes="=1+1")).json()["selection_id"] for each in made]

    response = await client.get("/selections/export?format=json")

    picks = [contract.ExportedPick.model_validate(x) for x in response.json()]
    assert [x.selection_id for x in picks] == ids
    assert (picks[0].selected_model_id, picks[0].notes, picks[0].offered) == ("first", "=1+1", ["second", "first"])
    assert picks[0].created_at.endswith("+00:00")
    assert not any(each.job_id in response.text for each in made)
    assert response.headers["content-disposition"] == 'attachment; filename="selections.json"'


async def test_csv_export_is_no_formula(client: httpx.AsyncClient, job_id: str) -> None:
    """CSV is the default; a text that a spreadsheet would run has a quote before it."""
    await log(client, job_id, image_category="=HYPERLINK(A1)", notes='-2+3, "so"\nsaid she')

    response = await client.get("/selections/export")

    (row,) = csv.DictReader(io.StringIO(response.text, newline=""))
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert row["image_category"] == "'=HYPERLINK(A1)"
    assert row["notes"] == '\'-2+3, "so"\nsaid she'
    assert row["offered"] == "second first"


@given(notes=st.text(st.characters(exclude_categories=["Cs"])))
async def test_csv_keeps_every_text(notes: str) -> None:
    """Whatever a caller wrote comes back from the file, but for the quote; and no cell begins like a formula."""

    async def pages() -> Pages:
        yield (pick_row(LoggedPick(1, "id", 0.0, "first", None, notes, (Shown("first"),))),)

    lines = [line async for line in write_csv(pages(), PICK_COLUMNS)]

    (row,) = csv.DictReader(io.StringIO("".join(lines), newline=""))
    assert row["notes"].removeprefix("'") == notes.removeprefix("'")
    assert not row["notes"].startswith(FORMULA)


async def test_what_was_learned_is_told_and_exported(client: httpx.AsyncClient, ledger: DatabaseLedger) -> None:
    """With the statistics, in a sentence too; and as a file, with a row for each model, in all and in each category."""
    known, new = Worth("first", 40, 0.72, 0.61, 0.8), Worth("second", 3, 0.28, 0.1, 0.6)
    learned = Worths(40, 1.0, (known, new), {"glass": (known,)}, (Effect("agreement", 0.2, 0.1, 0.3),))
    async with ledger._database.writing() as connection:
        await connection.execute(put_worths(learned, "sqlite"))
    stats = (await client.get("/selections/stats")).json()
    table = (await client.get("/selections/export?what=worths")).text.splitlines()
    rows = (await client.get("/selections/export?what=worths&format=json")).json()
    refused = error(await client.get("/selections/export?what=jobs"), 400)

    contract.StatsBody.model_validate(stats)
    assert [one["words"] for one in stats["worths"]["models"]] == [
        "Picked over an average cutout 72 times in 100, give or take: 61 to 80",
        "Not known yet: it was offered 3 times, and 30 are needed",
    ]
    assert table[:2] == ["image_category,model_id,offered,chance,low,high", ",first,40,0.72,0.61,0.8"]
    assert [(row["image_category"], row["model_id"]) for row in rows] == [
        (None, "first"), (None, "second"), ("glass", "first"),
    ]  # fmt: skip
    assert refused["message"] == "what: picks or worths expected"


async def test_other_formats_are_refused(client: httpx.AsyncClient) -> None:
    """The formats there are, are named."""
    found = error(await client.get("/selections/export?format=xlsx"), 400)

    assert found["message"] == "format: csv or json expected"
    assert found["details"] == {"field": "format", "received": "xlsx"}


class Away(DatabaseLedger):
    """A ledger whose database cannot be reached after so many pages."""

    def __init__(self, folder: Path, pages: int) -> None:
        super().__init__(f"sqlite:///{folder}/away.db", lease_s=60)
        self.pages = pages

    async def export(self, after: int = 0, whose: str | None = None) -> tuple[LoggedPick, ...]:
        self.pages -= 1
        if self.pages < 0:
            raise ServiceUnavailable("away")
        return (LoggedPick(after + 1, "id", 0.0, "first", None, None, (Shown("first"),)),)

    async def stats(self) -> Stats:
        raise ServiceUnavailable("away")

    async def select(self, pick: Pick, whose: str | None = None) -> Logged:
        raise ServiceUnavailable("away")


async def test_a_ledger_that_is_away_is_said_in_time(tmp_path: Path) -> None:
    """Each endpoint answers 503 with Retry-After; a file that was begun is torn off, never ended as if whole."""
    async with client_of(Away(tmp_path, 0)) as client:
        for response in (
            await client.get("/selections/export"),
            await client.get("/selections/stats"),
            await log(client, "job"),
        ):
            assert error(response, 503)["message"] == "away"
            assert response.headers["retry-after"]
    async with client_of(Away(tmp_path, 2)) as client:
        with pytest.raises(RuntimeError, match="response already started"):
            await client.get("/selections/export")
