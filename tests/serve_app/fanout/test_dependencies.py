"""What the service leans on beside models, as /health tells it: a real ledger, and one that is not there."""

import asyncio
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cutout.errors import ServiceUnavailable
from deployments.ledger import DatabaseLedger
from deployments.records import database
from serve_app import contract
from serve_app.app import create_app
from serve_app.fanout import dependencies
from serve_app.fanout.dependencies import Dependencies
from tests.support.in_process import model, registry, shotgun
from tests.support.patience import HANG_S
from tests.support.unwritable import unwritable

pytestmark = pytest.mark.anyio


class Away:
    """Something that refuses, or never answers."""

    def __init__(self, how: str) -> None:
        self._how = how

    async def check(self) -> None:
        if self._how == "refuses":
            raise ServiceUnavailable("it is not running")
        await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("trouble", ["a writer that does not end", "a full disk"])
async def test_a_ledger_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """A full disk, and a lock that is never given back: /health is degraded and /health/ready 503, until it is over."""
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    file = tmp_path / "ledger.sqlite"
    ledger = DatabaseLedger(f"sqlite:///{file}", lease_s=60)
    await ledger.start()
    gun, watched = shotgun(registry(model("first")), ledger), Dependencies({"ledger": ledger.check})
    client = TestClient(create_app(gun, ledger, dependencies=watched))
    watching = asyncio.create_task(gun.statuses.watch())
    while gun.statuses.status("first") is None:
        await asyncio.sleep(0.01)
    watching.cancel()

    seen = [client.get("/health/ready").json()["status"]]
    await watched.look()
    seen.append(client.get("/health/ready").json()["status"])
    with unwritable(file, trouble):
        await watched.look()
    health, ready = client.get("/health"), client.get("/health/ready")
    await watched.look()
    seen.append(client.get("/health/ready").json()["status"])

    assert seen == ["starting", "ready", "ready"]
    body = contract.HealthBody.model_validate(health.json())
    assert (body.status, body.dependencies["ledger"].state) == ("degraded", "unavailable")
    assert (ready.status_code, list(ready.json()["unavailable"])) == (503, ["ledger"])
    await ledger.close()


@pytest.mark.parametrize(("how", "reason"), [("refuses", "it is not running"), ("hangs", "no answer within 0.05 s")])
async def test_what_is_away_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch, how: str, reason: str) -> None:
    """Nobody waits for what never answers: it is as unavailable as what refuses, and the other one is looked at."""
    monkeypatch.setattr(dependencies, "ANSWER_S", 0.05)
    watched = Dependencies({"ledger": Away(how).check, "jobs": Away("refuses").check})

    await asyncio.wait_for(watched.look(), HANG_S)

    assert {name: state and state.reason for name, state in watched.states().items()} == {
        "ledger": reason,
        "jobs": "it is not running",
    }
