"""Batches as a caller sends them, and waits for them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from serve_app import contract
from tests.support.durable_jobs import picture
from tests.support.patience import HANG_S

BOTH = {"include_models": "first,second"}
ENDED = ("completed", "partial", "failed", "cancelled")


def files(*given: str | tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    """Parts of a request, by the names of their files; each is a picture of a shade of its own."""
    named = (one if isinstance(one, tuple) else (one, picture(90 + number)) for number, one in enumerate(given))
    return [("images", one) for one in named]


async def sent(
    http: httpx.AsyncClient, *given: str | tuple[str, bytes], key: str = "", **fields: Any
) -> dict[str, Any]:
    """The answer to a batch of files that is accepted."""
    headers = {"Idempotency-Key": key} if key else {}
    answer = await http.post("/batches", files=files(*given), data={**BOTH, **fields}, headers=headers)
    assert answer.status_code == 202, answer.text
    contract.AcceptedBatchBody.model_validate(answer.json())
    assert answer.headers["location"] == answer.json()["status_url"]
    body: dict[str, Any] = answer.json()
    return body


async def read(http: httpx.AsyncClient, batch: Mapping[str, Any], **page: int) -> dict[str, Any]:
    """A batch as it is now."""
    answer = await http.get(f"/batches/{batch['batch_id']}", params=page)
    assert answer.status_code == 200, answer.text
    contract.BatchBody.model_validate(answer.json())
    body: dict[str, Any] = answer.json()
    return body


async def ended(http: httpx.AsyncClient, batch: Mapping[str, Any]) -> dict[str, Any]:
    """A batch once it has ended."""
    async with asyncio.timeout(HANG_S):
        while (body := await read(http, batch))["status"] not in ENDED:
            await asyncio.sleep(0.05)
    return body


async def running(http: httpx.AsyncClient, batch: Mapping[str, Any], count: int) -> dict[str, Any]:
    """A batch once so many of its items are at work."""
    async with asyncio.timeout(HANG_S):
        while (body := await read(http, batch))["counts"]["running"] < count:
            await asyncio.sleep(0.05)
    return body
