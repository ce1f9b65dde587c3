"""The harness of these tests: a worker that takes over another's DBOS finds nothing of it."""

import asyncio
from pathlib import Path

import pytest

from tests.serve_app.jobs.test_jobs import ASYNC, asked, ended, until_done
from tests.support.durable_jobs import client
from tests.support.lasting_jobs import Lasting

pytestmark = pytest.mark.anyio


async def test_nothing_is_left_to_the_next_worker(tmp_path: Path, jobs: Lasting) -> None:
    """Whatever one leaves, at work, queued or done: the next knows no job, runs none of them, and does its own."""
    left = []
    async with jobs.working(tmp_path) as works, client(works) as http:
        done = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()["status_url"]
        await ended(http, done)
        works.models["second"].held = asyncio.Event()
        for _ in range(3):  # two at a time
            answer = await http.post("/remove-background", json=asked(), headers=ASYNC)
            left.append(answer.json()["status_url"])
        await until_done(http, left[0], "first")
        states = [(await http.get(url)).json()["status"] for url in (done, *left)]
    (tmp_path / "runs").unlink()

    async with jobs.working(tmp_path) as works, client(works) as http:
        known = [(await http.get(url)).status_code for url in (done, *left)]
        own = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()["status_url"]
        await ended(http, own)

    assert (states[:2], states[3]) == (["completed", "running"], "queued")
    assert known == [404] * 4
    assert sorted(works.runs) == ["first:200", "second:200"]
