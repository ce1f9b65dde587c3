"""Durable jobs on a real Ray: replicas are killed while they work, and everything that was accepted is done."""

import asyncio
import base64
import io
import zipfile

import pytest

from tests.cluster.conftest import ROOT, Service
from tests.cluster.killing import PAID, accept, ended, kill, run_id, steady
from tests.support.patience import HANG_S, when

pytestmark = pytest.mark.anyio
PHOTO = (ROOT / "tests" / "photos" / "coffee.jpg").read_bytes()
JOBS = 10


def test_killed_replicas_lose_no_job(service: Service) -> None:
    """The jobs' replica, the ledger, a model and the ingress, killed in the middle of accepted jobs: all finish."""
    jobs = [accept(service.http, PHOTO, "local_u2netp") for _ in range(JOBS)]
    ended(service.http, jobs[0])
    killed = [kill(run_id(service.folder), name) for name in ("Jobs", "Ledger", "local_u2netp", "Ingress")]
    states = [ended(service.http, job) for job in jobs]
    steady(service.http)

    assert all(killed)
    assert {state["status"] for state in states} == {"completed"}
    picture = service.http.get(states[-1]["results"][0]["image_url"])
    assert picture.content.startswith(b"\x89PNG")


async def test_a_sync_answer_outlives_the_jobs_replica(service: Service) -> None:
    """A caller who waits under an Idempotency-Key gets his answer although the worker died meanwhile."""
    body = {"image": base64.b64encode(PHOTO).decode(), "include_models": [PAID], "response_format": "both"}
    script = service.runware.script
    usual_s, script.latency_s, before = script.latency_s, HANG_S, len(script.seen("task"))
    waiting = asyncio.create_task(
        asyncio.to_thread(service.http.post, "/remove-background", json=body, headers={"Idempotency-Key": "outlive"})
    )
    await when(lambda: len(script.seen("task")) > before)
    assert kill(run_id(service.folder), "Jobs")
    script.latency_s = usual_s
    answer = await waiting

    assert answer.status_code == 200, answer.text
    assert answer.json()["results"][0]["image_base64"]


def test_a_job_is_cancelled(service: Service) -> None:
    """DELETE ends a job at once, though others of a slow model are before it."""
    *_, last = [accept(service.http, PHOTO, "slow") for _ in range(8)]
    state = service.http.delete(last["status_url"]).json()

    assert state["status"] == "cancelled"


async def test_a_batch_is_done(service: Service) -> None:
    """Many pictures under one id pass between the replicas, and come back in one ZIP; then nothing of them is left."""
    parts = [("images", (f"{number}.jpg", PHOTO)) for number in range(2)]
    accepted = service.http.post("/batches", files=parts, data={"include_models": "local_u2netp"})
    assert accepted.status_code == 202, accepted.text
    url = accepted.json()["status_url"]
    await when(lambda: service.http.get(url).json()["status"] == "completed")
    archive = zipfile.ZipFile(io.BytesIO(service.http.get(f"{url}/results.zip").content))

    assert archive.namelist() == ["0.png", "1.png", "batch.json"]
    assert service.http.delete(f"{url}?forget=true").status_code == 204
    assert service.http.get(url).status_code == 404
