"""A replica with as many jobs in hand as it takes."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.limited_service import BUDGET, Clock, Jobs, NearLimiter, error

pytestmark = pytest.mark.anyio
IMAGE: dict[str, Any] = {"content": b"picture"}


async def test_one_job_too_many_is_told_when_to_come_again() -> None:
    """It is 503 with Retry-After, and not counted; what is no job goes on, and room that is free is given."""
    jobs, limiter = Jobs(), NearLimiter(Clock())
    service = jobs.service(limiter, concurrency=2)
    transport = httpx.ASGITransport(app=service)
    async with httpx.AsyncClient(transport=transport, base_url="http://cutout") as http:
        in_hand = [asyncio.create_task(http.post("/remove-background", **IMAGE)) for _ in range(2)]
        for _ in in_hand:
            await jobs.working.acquire()

        refused = await http.post("/remove-background", **IMAGE)
        health = await http.get("/health")
        slots_left = await limiter.slots_left()
        jobs.go.set()
        answers = [(await job).status_code for job in in_hand]
        next_one = await http.post("/remove-background", **IMAGE)

    assert error(refused, 503, "service_unavailable").message.startswith("Server busy: 2 concurrent jobs")
    assert int(refused.headers["Retry-After"]) >= 1
    assert int(health.headers[BUDGET[1]]) == 58
    assert health.status_code == 200
    assert slots_left == 2  # of four
    assert (answers, next_one.status_code) == ([200, 200], 200)


async def test_a_job_that_falls_or_hangs_up_leaves_its_room() -> None:
    """However a job ends, the next one is taken."""
    jobs = Jobs()
    transport = httpx.ASGITransport(app=jobs.service(NearLimiter(Clock()), concurrency=1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://cutout") as http:
        hung_up = asyncio.create_task(http.post("/remove-background", **IMAGE))
        await jobs.working.acquire()
        hung_up.cancel()
        await asyncio.wait([hung_up])
        jobs.go.set()
        fell = await http.post("/fall", **IMAGE)
        good = await http.post("/remove-background", **IMAGE)

    assert (fell.status_code, good.status_code) == (500, 200)
