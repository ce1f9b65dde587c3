"""Durable jobs on a real Ray: the jobs' replica is killed while it works, and everything that was accepted is done."""

import asyncio
import base64
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve_app.leftovers import members
from tests.cluster.conftest import ROOT, Service, free_port, start, wait_ready

pytestmark = pytest.mark.anyio
PHOTO = (ROOT / "tests" / "photos" / "coffee.jpg").read_bytes()
JOBS = 10


def replicas(deployment: str) -> list[int]:
    """Process ids of a deployment's replicas."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue  # it has ended
            if f"ServeReplica:cutout:{deployment}".encode() in command:
                found.append(int(folder.name))
    return found


def accept(http: httpx.Client, **fields: Any) -> dict[str, Any]:
    """A job that was accepted."""
    body = {"image": base64.b64encode(PHOTO).decode(), "include_models": ["local_u2netp"], **fields}
    answer = http.post("/remove-background", json=body, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def ended(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended."""
    deadline = time.monotonic() + 120
    while True:
        state: dict[str, Any] = http.get(job["status_url"]).json()
        if state.get("status") not in (None, "queued", "running"):
            return state
        assert time.monotonic() < deadline, state
        time.sleep(0.1)


@pytest.mark.parametrize("deployment", ["Jobs", "Ledger", "local_u2netp", "Ingress"])
def test_a_killed_replica_loses_no_job(service: Service, deployment: str) -> None:
    """The jobs' replica, the ledger, a model or the ingress, killed in the middle of accepted jobs: all finish."""
    jobs = [accept(service.http) for _ in range(JOBS)]
    ended(service.http, jobs[0])
    killed = replicas(deployment)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    time.sleep(8 if deployment == "Ingress" else 0)  # HAProxy has to learn of the new one
    states = [ended(service.http, job) for job in jobs]

    assert killed
    assert {state["status"] for state in states} == {"completed"}
    picture = service.http.get(states[-1]["results"][0]["image_url"])
    assert picture.content.startswith(b"\x89PNG")


async def test_a_sync_answer_outlives_the_jobs_replica(service: Service) -> None:
    """A caller who waits under an Idempotency-Key gets his answer although the worker died meanwhile."""
    body = {"image": base64.b64encode(PHOTO).decode(), "include_models": ["slow"], "response_format": "both"}
    waiting = asyncio.create_task(
        asyncio.to_thread(service.http.post, "/remove-background", json=body, headers={"Idempotency-Key": "outlive"})
    )
    await asyncio.sleep(1)
    for pid in replicas("Jobs"):
        os.kill(pid, signal.SIGKILL)
    answer = await waiting

    assert answer.status_code == 200, answer.text
    assert answer.json()["results"][0]["image_base64"]


def test_a_job_is_cancelled(service: Service) -> None:
    """DELETE ends a job at once, though its model is slow."""
    job = accept(service.http, include_models=["slow"])
    time.sleep(1)
    state = service.http.delete(job["status_url"]).json()

    assert state["status"] == "cancelled"


@contextmanager
def receiver() -> Iterator[tuple[str, list[str]]]:
    """The address of a receiver of webhooks, and the webhook-ids that came."""
    came: list[str] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            came.append(self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", came
        server.shutdown()


@contextmanager
def running(folder: Path, port: int) -> Iterator[httpx.Client]:
    """The service; at the end every process of it is killed at once."""
    process = start(folder, port)
    try:
        wait_ready(process, folder)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
            yield http
    finally:
        run = json.loads((folder / "data" / f"run-{port}.json").read_text())["run_id"]
        process.kill()
        while left := members(run):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.wait(30)


def test_a_killed_service_loses_no_job(tmp_path: Path) -> None:
    """The whole service, killed in the middle of 20 accepted jobs: after a restart all finish and are told."""
    port = free_port()
    with receiver() as (url, came):
        with running(tmp_path, port) as http:
            jobs = [accept(http, webhook_url=url) for _ in range(20)]
            ended(http, jobs[4])
            done = [state for job in jobs if (state := http.get(job["status_url"]).json())["results"]]
        with running(tmp_path, port) as http:
            states = [ended(http, job) for job in jobs]
            deadline = time.monotonic() + 60
            while len(set(came)) < len(jobs) and time.monotonic() < deadline:
                time.sleep(0.1)
            again = {state["job_id"]: http.get(f"/jobs/{state['job_id']}").json()["results"] for state in done}

    assert 0 < len(done) < len(jobs)
    assert [state["status"] for state in states] == ["completed"] * len(jobs)
    assert set(came) == {f"msg_{job['job_id']}" for job in jobs}
    for state in done:  # the very same result: the model was not run again
        assert again[state["job_id"]][0]["times_ms"] == state["results"][0]["times_ms"]
