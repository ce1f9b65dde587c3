"""Who calls remove.bg's API here: keys, limits, budgets and addresses are the service's own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import numpy as np
import pytest

from cutout.accounts.keys import KeyRing, make_key
from cutout.accounts.limiter import WINDOW_MS
from cutout.accounts.spec import AccessSpec, LimitTier
from cutout.errors import ServiceUnavailable
from cutout.service import DropInSpec
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from tests.serve_app.dialects.dropped import PHOTO, drop_in_registry, opened, png, refusal
from tests.support.in_process import shotgun
from tests.support.loopback_web import Host, reply

PATH = "/v1.0/removebg"
pytestmark = pytest.mark.anyio


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[DatabaseLedger]:
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    await ledger.start()
    yield ledger
    await ledger.close()


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys.jsonl")


def caller(ledger: DatabaseLedger, keys: KeyRing | None = None, **service: Any) -> httpx.AsyncClient:
    """Somebody who calls a service of their own."""
    app = create_app(shotgun(drop_in_registry(**service), ledger), ledger, keys)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


async def test_keys_are_the_services_own(ledger: DatabaseLedger, keys: KeyRing) -> None:
    """X-Api-Key opens both endpoints; without it, or with a wrong one, both are 403 auth_failed."""
    text, record = make_key("Ann")
    keys.add(record)
    async with caller(ledger, keys) as ann:
        for headers in ({}, {"X-Api-Key": "wrong"}):
            refusal(await ann.post(PATH, files={"image_file": PHOTO}, headers=headers), 403, "auth_failed")
            refusal(await ann.get("/v1.0/account", headers=headers), 403, "auth_failed")
        good = await ann.post(PATH, files={"image_file": PHOTO}, headers={"X-Api-Key": text})

    assert good.status_code == 200
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= {
        name.title().replace("Ratelimit", "RateLimit") for name in good.headers
    }


async def test_a_model_that_the_key_may_not_use(ledger: DatabaseLedger, keys: KeyRing) -> None:
    """The key's models hold here, too: another one is 403, and its name is said."""
    text, record = make_key("Ann", models=["paid"])
    keys.add(record)
    async with caller(ledger, keys) as ann:
        answer = await ann.post(PATH, files={"image_file": PHOTO}, headers={"X-Api-Key": text})

    assert "first" in refusal(answer, 403, "auth_failed")


async def test_money_spent_is_402(ledger: DatabaseLedger, keys: KeyRing) -> None:
    """A key's daily ceiling is its credit: the account tells what is left, and a call that it does not cover is 402."""
    text, record = make_key("Ann", daily_usd=0.2)
    keys.add(record)
    order: dict[str, Any] = {"files": {"image_file": PHOTO}, "headers": {"X-Api-Key": text}}
    async with caller(ledger, keys, drop_in=DropInSpec(model="paid"), daily_ceiling_usd={}) as ann:
        first = await ann.post(PATH, **order)
        second = await ann.post(PATH, **order)
        account = await ann.get("/v1.0/account", headers=order["headers"])

    assert first.headers["X-Credits-Charged"] == "0.125"
    assert "0.2 USD" in refusal(second, 402, "insufficient_credits")
    attributes = account.json()["data"]["attributes"]
    assert attributes["credits"] == {"total": 0.075, "subscription": 0, "payg": 0.075, "enterprise": 0}
    assert attributes["api"] == {"free_calls": 0, "sizes": "all"}


async def test_an_absent_ledger_is_503(ledger: DatabaseLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody knows what is left of the credit, it is not said to be spent: the call may be repeated."""

    async def away(*_: Any) -> dict[str, str]:
        raise ServiceUnavailable("away")

    monkeypatch.setattr(ledger, "reserve", away)
    async with caller(ledger, drop_in=DropInSpec(model="paid")) as ann:
        answer = await ann.post(PATH, files={"image_file": PHOTO})

    assert "the ledger is away" in refusal(answer, 503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


async def test_too_many_calls_are_429(ledger: DatabaseLedger) -> None:
    """The caller's limit holds here, too, with its headers and Retry-After; a job is a job on every path."""
    few = AccessSpec(tiers={"default": LimitTier(requests_per_minute=1)})
    async with caller(ledger, access=few) as ann:
        assert (await ann.post(PATH, files={"image_file": PHOTO})).status_code == 200
        answer = await ann.post(PATH, files={"image_file": PHOTO})

    refusal(answer, 429, "rate_limit_exceeded")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(answer.headers["Retry-After"]) <= WINDOW_MS / 1000 + 1  # the millisecond after it, rounded up


async def test_without_a_model_the_service_says_so(ledger: DatabaseLedger) -> None:
    """Where service.yaml names none, and where the one it names is not ready, the answer is 503 with the reason."""
    async with caller(ledger, drop_in=DropInSpec()) as ann:
        answers = [await ann.post(PATH, files={"image_file": PHOTO}), await ann.get("/v1.0/account")]

    for answer in answers:
        assert "drop_in.model" in refusal(answer, 503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) > 0


async def test_nothing_wrong_costs_money(ledger: DatabaseLedger) -> None:
    """A refused field, region or background is refused before a model is paid."""
    async with caller(ledger, drop_in=DropInSpec(model="paid")) as ann:
        for fields in ({"roi": "0px 0px 999px 9px"}, {"size": "huge"}, {"bg_image_url": "http://10.0.0.1/"}):
            assert (await ann.post(PATH, files={"image_file": PHOTO}, data=fields)).status_code == 400
        account = await ann.get("/v1.0/account")

    assert account.json()["data"]["attributes"]["credits"]["total"] == 1.0


@pytest.mark.parametrize(
    "call", [("POST", PATH, "image_file"), ("POST", "/api/remove", "file"), ("GET", "/api/remove", "")]
)
async def test_a_job_takes_a_place(ledger: DatabaseLedger, call: tuple[str, str, str]) -> None:
    """A caller who may have one job at a time is refused the second while the first is at work, on every path."""
    method, path, part = call
    alone = AccessSpec(tiers={"default": LimitTier(requests_per_minute=10, concurrent_jobs=1)})
    statuses = []
    async with (
        Host({"/a.png": reply(PHOTO)}) as host,
        caller(ledger, access=alone, drop_in=DropInSpec(model="slow")) as ann,
        anyio.create_task_group() as group,
    ):
        given: dict[str, Any] = {"files": {part: PHOTO}} if part else {"params": {"url": f"http://{host.host}/a.png"}}

        async def ask() -> None:
            statuses.append((await ann.request(method, path, **given)).status_code)

        group.start_soon(ask)
        group.start_soon(ask)

    assert sorted(statuses) == [200, 429]


async def test_addresses_are_fetched(ledger: DatabaseLedger) -> None:
    """image_url and bg_image_url are fetched by the service's own rules; a host without the picture is named."""
    green = np.zeros((60, 80, 3), np.uint8) + np.array([0, 255, 0], np.uint8)
    async with (
        Host({"/a.png": reply(PHOTO), "/green.png": reply(png(green))}) as host,
        caller(ledger) as ann,
    ):
        good = await ann.post(
            PATH, data={"image_url": f"http://{host.host}/a.png", "bg_image_url": f"http://{host.host}/green.png"}
        )
        bad = await ann.post(PATH, json={"image_url": f"http://{host.host}/b.png"})
        behind = await ann.post(
            PATH, json={"image_url": f"http://{host.host}/a.png", "bg_image_url": f"http://{host.host}/b.png"}
        )

    assert np.abs(opened(good.content, "RGB")[0, 0].astype(int) - (0, 255, 0)).max() <= 3
    assert "404" in refusal(bad, 400, "failed_image_download")
    assert refusal(behind, 400, "failed_bg_download").startswith("bg_image_url could not be fetched")
