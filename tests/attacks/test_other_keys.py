"""Issue 12, host: what one key left is nobody else's, and a webhook's secret is not in the database to read."""

import base64
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from cutout.accounts.keys import KeyRing, make_key
from cutout.errors import Conflict, Forbidden
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from serve_app.storage.signing import Signer
from tests.support.durable_jobs import client, picture, working
from tests.support.in_process import model, registry, shotgun
from tests.support.job_records import job
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
SECRET = "a secret of thirty bytes or so"
JOB = "0b9e2c7e-3f4d-4c55-9c0a-0123456789ab"
OLD, NEW = "o" * 32, "n" * 32


class Shop:
    """A service with keys: each with a job that offered two models."""

    def __init__(self, ledger: DatabaseLedger, folder: Path) -> None:
        self._ledger = ledger
        self._ring = KeyRing(folder / "keys")
        reg = registry(model("first"), model("second"))
        self._folder = folder
        self._shotgun = shotgun(reg, ledger)

    async def customer(self, name: str, *, operator: bool = False) -> tuple[dict[str, str], str]:
        """The headers of a new key, and the id of a job that it made."""
        text, record = make_key(name, operator=operator)
        self._ring.add(record)
        made = replace(job("second", "first"), key_id=record.id)
        await self._ledger.record(made)
        return {"X-API-Key": text}, made.job_id

    def client(self) -> httpx.AsyncClient:
        """A caller."""
        app = create_app(self._shotgun, self._ledger, KeyRing.load(self._folder / "keys"))
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A service, its ledger on SQLite."""
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.db", lease_s=60)
    await ledger.start()
    yield Shop(ledger, tmp_path)
    await ledger.close()


async def pick(http: httpx.AsyncClient, headers: dict[str, str], job_id: str, model_id: str, notes: str) -> int:
    """The status of a pick."""
    body = {"job_id": job_id, "selected_model_id": model_id, "notes": notes}
    return (await http.post("/log-selection", json=body, headers=headers)).status_code


async def notes(http: httpx.AsyncClient, headers: dict[str, str]) -> set[str]:
    """The notes of an export."""
    answer = await http.get("/selections/export", params={"format": "json"}, headers=headers)
    return {row["notes"] for row in answer.json()}


async def test_a_key_has_its_own_picks_alone(shop: Shop) -> None:
    """Another key's notes are not exported, and its vote not replaced by the id of its job; an operator may do both."""
    (one, ones_job), (two, twos_job) = await shop.customer("one"), await shop.customer("two")
    operator, _ = await shop.customer("the operator", operator=True)
    async with shop.client() as http:
        own = [await pick(http, one, ones_job, "first", "hair"), await pick(http, two, twos_job, "second", "glass")]
        foreign = await pick(http, two, ones_job, "second", "stolen")
        seen = [await notes(http, who) for who in (one, two, operator)]
        replaced = await pick(http, operator, ones_job, "second", "corrected")
        corrected = await notes(http, one)

    print(f"a pick of another key's job: {foreign}; notes seen: {seen}")
    assert own == [200, 200]
    assert foreign == 404
    assert seen == [{"hair"}, {"glass"}, {"hair", "glass"}]
    assert (replaced, corrected) == (200, {"corrected"})


async def test_statistics_are_sums_over_all(shop: Shop) -> None:
    """Rates are shared by all keys: no text and no job of anybody is in them."""
    (one, ones_job), (two, _) = await shop.customer("one"), await shop.customer("two")
    async with shop.client() as http:
        await pick(http, one, ones_job, "first", "hair")
        answer = await http.get("/selections/stats", headers=two)

    assert answer.json()["total"]["picks"] == 1
    assert "hair" not in answer.text


async def test_a_webhooks_secret_is_not_in_the_database(tmp_path: Path) -> None:
    """Nothing of a job's order, in whatever table, has the secret; what is sent is signed by it all the same."""
    file = tmp_path / "jobs.sqlite"
    body = {"image": base64.b64encode(picture()).decode(), "include_models": ["first"], "webhook_secret": SECRET}
    async with working(tmp_path, f"sqlite:///{file}") as works, client(works) as http, Receiver() as receiver:
        answer = await http.post("/remove-background", json={**body, "webhook_url": receiver.url})
        [message] = await receiver.wait_for(1)
        state = await http.get(answer.json()["status_url"])
        with sqlite3.connect(file) as connection:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]  # noqa: S608

    assert len(rows) > 3
    assert SECRET not in repr(rows)
    assert "sealed_secret" in repr(rows)
    assert "sealed" not in state.text
    Webhook(base64.b64encode(SECRET.encode()).decode()).verify(message.body, message.headers)


def test_a_new_secret_before_the_old_one(tmp_path: Path) -> None:
    """What the old secret signed, sealed and named is good beside the new one, and no longer when it is left out."""
    old, both, new = (Signer.load(tmp_path, given, 60) for given in (OLD, f"{NEW}, {OLD}", NEW))
    path, query = old.path(JOB, "a.png").split("?")
    expires, signature = (part.partition("=")[2] for part in query.split("&"))
    sealed = old.sealed(SECRET)

    assert both.check(JOB, path.rpartition("/")[2], expires, signature) > 0
    assert both.opened(sealed) == SECRET
    assert new.opened(both.sealed(SECRET)) == SECRET
    assert both.job_ids("key:1", "k") == [new.job_id("key:1", "k"), old.job_id("key:1", "k")]
    with pytest.raises(Forbidden):
        new.check(JOB, "a.png", expires, signature)
    with pytest.raises(Conflict, match="CUTOUT_URL_SECRET"):
        new.opened(sealed)


async def test_a_repeated_request_after_a_new_secret(tmp_path: Path) -> None:
    """The job of an Idempotency-Key is found, and not paid for again, when the secret was changed in between."""
    body = {"image": base64.b64encode(picture()).decode(), "include_models": ["first"]}
    answers = []
    async with working(tmp_path, f"sqlite:///{tmp_path / 'jobs.sqlite'}") as works:
        for signer in (Signer(OLD.encode(), 60), Signer(NEW.encode(), 60, [OLD.encode()])):
            works.durable = replace(works.durable, signer=signer)
            async with client(works) as http:
                answers.append(await http.post("/remove-background", json=body, headers={"Idempotency-Key": "k"}))

    assert answers[1].json()["job_id"] == answers[0].json()["job_id"]
    assert len(works.runs) == 1
