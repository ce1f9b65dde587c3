"""A worker that is killed while it works, again and again: what was accepted is done, and told, and paid for once."""

import asyncio
import base64
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve_app.settings import free_port
from tests.support.durable_jobs import picture, serve_until_killed
from tests.support.forked import forked
from tests.support.http_server import asking
from tests.support.loopback_web import reply
from tests.support.patience import HANG_S
from tests.support.s3 import s3
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
__all__ = ["s3"]
JOBS = 8
KILLS = 1
"""In the middle of the jobs; before that one comes as soon as they are accepted."""
AT_A_TIME = 2
"""Jobs that a worker has at work at a time."""
MODELS = ("first", "second")


@asynccontextmanager
async def program(
    folder: Path, database_url: str, place: str, port: int, pause_s: float = 0.1
) -> AsyncIterator[ForkServerProcess]:
    """A worker and its endpoints as a process of its own, answering; killed at the end."""
    process = forked(serve_until_killed, folder, database_url, place, port, pause_s)
    try:
        async with asking("") as http, asyncio.timeout(HANG_S):
            while True:
                assert process.is_alive()
                try:
                    await http.get(f"http://127.0.0.1:{port}/jobs/none")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.join()


async def states(http: httpx.AsyncClient, jobs: Iterable[str]) -> dict[str, dict[str, Any]]:
    """These jobs, by id."""
    return {job_id: (await http.get(f"/jobs/{job_id}")).json() for job_id in jobs}


def done(known: dict[str, dict[str, Any]], jobs: dict[str, int]) -> set[str]:
    """What models have done, as a model notes it: its id and the shade of its picture."""
    return {f"{r['model_id']}:{jobs[job_id]}" for job_id, state in known.items() for r in state["results"]}


async def accept(http: httpx.AsyncClient, receiver: Receiver) -> dict[str, int]:
    """Jobs, each with a picture of its own shade."""
    jobs = {}
    for number in range(JOBS):
        shade = 100 + number
        image = base64.b64encode(picture(shade)).decode()
        body = {
            "image": image,
            "include_models": list(MODELS),
            "webhook_url": receiver.url,
            "webhook_secret": "hush " * 5,
        }
        answer = await http.post("/remove-background", json=body)
        assert answer.status_code == 202
        jobs[answer.json()["job_id"]] = shade
    return jobs


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> str:
    """Where pictures are kept: a folder beside SQLite, S3 beside PostgreSQL, as they are used."""
    if database_url.startswith("sqlite"):
        return str(tmp_path / "pictures")
    return f"{request.getfixturevalue('s3')}/{uuid.uuid4().hex}"


async def test_what_was_accepted_is_done(tmp_path: Path, database_url: str, place: str) -> None:
    """A worker killed in the middle of its jobs: all finish, what was done is not done again, every webhook arrives.

    The receiver fails at first, so that webhooks are under way at every kill, too.
    """
    runs, port = tmp_path / "runs", free_port()
    arguments = (tmp_path, database_url, place, port)
    answers = [*[reply(b"", status="500 Oh")] * JOBS, reply(b"")]
    http = asking(f"http://127.0.0.1:{port}")
    settled: Counter[str] = Counter()
    """How often each model had run for each picture when its result was known to be kept."""
    async with http, Receiver(*answers) as receiver, asyncio.timeout(HANG_S):
        async with program(*arguments):
            jobs = await accept(http, receiver)
        for kill in range(KILLS):
            async with program(*arguments):
                while len(settled) < (kill + 1) * 5:
                    left = [job for job, shade in jobs.items() if {f"{m}:{shade}" for m in MODELS} - settled.keys()]
                    new = done(await states(http, left[: 2 * AT_A_TIME]), jobs) - settled.keys()
                    settled.update({name: Counter(runs.read_text().split())[name] for name in new})
                    await asyncio.sleep(0.02)
        async with program(*arguments):
            known = await states(http, jobs)
            while not all(s["webhook"] and s["webhook"]["status"] == "delivered" for s in known.values()):
                await asyncio.sleep(0.5)
                known = await states(http, jobs)
            assert [r["error"] for state in known.values() for r in state["results"] if "error" in r] == []
            shown = [await http.get(r["image_url"]) for state in known.values() for r in state["results"]]

    counts = Counter(runs.read_text().split())
    assert {state["status"] for state in known.values()} == {"completed"}
    assert set(counts) == {f"{model}:{shade}" for model in MODELS for shade in jobs.values()}
    assert {name: counts[name] for name in settled} == settled
    # At each kill at most AT_A_TIME jobs were at work, whose models may have finished unrecorded.
    assert sum(counts.values()) <= len(counts) + (KILLS + 1) * AT_A_TIME * len(MODELS)
    assert {message.headers["webhook-id"] for message in receiver.messages} == {f"msg_{job_id}" for job_id in jobs}
    assert all(answer.content.startswith(b"\x89PNG") for answer in shown)


async def test_an_upscale_that_was_accepted_is_done(tmp_path: Path) -> None:
    """A worker killed while it enlarges the first pictures: the next one does them all, and tells each end."""
    arguments = (tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite", str(tmp_path / "pictures"), free_port())
    http = asking(f"http://127.0.0.1:{arguments[-1]}")
    async with http, Receiver() as receiver, asyncio.timeout(HANG_S):
        body = {"scale_factor": 2, "webhook_url": receiver.url}
        async with program(*arguments, pause_s=HANG_S):
            image = {"image": base64.b64encode(picture(90)).decode()}
            jobs = [(await http.post("/upscale", json=body | image)).json()["job_id"] for _ in range(JOBS)]
            before = [(await http.get(f"/jobs/{job_id}")).json()["status"] for job_id in jobs]
        async with program(*arguments):
            await receiver.wait_for(JOBS)
            while {m.headers["webhook-id"] for m in receiver.messages} != {f"msg_{job_id}" for job_id in jobs}:
                await asyncio.sleep(0.05)
            known = [(await http.get(f"/jobs/{job_id}")).json() for job_id in jobs]
            shown = [await http.get(state["results"][0]["image_url"]) for state in known]

    assert {state["status"] for state in known} == {"completed"}
    assert all(answer.content.startswith(b"\x89PNG") for answer in shown)
    assert before[AT_A_TIME:] == ["queued"] * (JOBS - AT_A_TIME)


async def test_a_batch_that_was_accepted_is_done(tmp_path: Path) -> None:
    """A worker killed in the middle of a batch: the next one finishes it, and nothing that was known is done again."""
    runs, arguments = tmp_path / "runs", (
        tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite", str(tmp_path / "pictures"), free_port(),
    )  # fmt: skip
    names = [f"{shade}.png" for shade in range(60, 64)]
    parts = [("images", (name, picture(int(name[:2])))) for name in names]
    http = asking(f"http://127.0.0.1:{arguments[-1]}")
    async with http, Receiver() as receiver, asyncio.timeout(HANG_S):
        async with program(*arguments):
            fields = {"include_models": ",".join(MODELS), "webhook_url": receiver.url}
            accepted = (await http.post("/batches", files=parts, data=fields)).json()
            while (half := (await http.get(accepted["status_url"])).json())["counts"]["completed"] < 2:
                await asyncio.sleep(0.02)
        async with program(*arguments):
            [message] = await receiver.wait_for(1)
            body = (await http.get(accepted["status_url"])).json()
            shown = [await http.get(item["image_url"]) for item in body["items"]]

    counts = Counter(runs.read_text().split())
    settled = [item["name"][:2] for item in half["items"] if item["status"] == "completed"]
    assert (body["status"], json.loads(message.body)["counts"]["completed"]) == ("completed", 4)
    assert [item["name"] for item in body["items"]] == names
    assert set(counts) == {f"{model}:{name[:2]}" for model in MODELS for name in names}
    assert {f"{model}:{shade}": counts[f"{model}:{shade}"] for model in MODELS for shade in settled} == {
        f"{model}:{shade}": 1 for model in MODELS for shade in settled
    }
    assert all(answer.content.startswith(b"\x89PNG") for answer in shown)
