"""A running service whose processes are killed, its jobs, a provider that charges, and a receiver of webhooks."""

import base64
import io
import itertools
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from serve_app.process.child_processes import members
from serve_app.settings import free_port
from tests.cluster.conftest import start, wait_ready
from tests.providers.runware import PRICE_USD, FakeRunware
from tests.providers.serving import Served
from tests.support.booked import booked_usd
from tests.support.patience import HANG_S

LEAN = Path(__file__).parent / "lean"
PAID = "runware_rmbg2"
MODELS = ("quick", PAID)
AT_WORK = 4
"""`jobs.concurrency` of lean/."""
HEIGHT_PX = 64
WIDTHS = itertools.count(64)
"""Each job has a picture of its own width, by which the provider's calls are told apart."""


def picture(width: int) -> bytes:
    """A PNG of one colour with a dark frame; its width tells it from others."""
    image = Image.new("RGB", (width, HEIGHT_PX))
    image.paste((200, 180, 40), (8, 8, width - 8, HEIGHT_PX - 8))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def accept(http: httpx.Client, image: bytes, *models: str, **fields: Any) -> dict[str, Any]:
    """A job that was accepted."""
    body = {"image": base64.b64encode(image).decode(), "include_models": models, **fields}
    answer = http.post("/remove-background", json=body, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def read(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any] | None:
    """How far a job is; None while nobody can say, which passes."""
    try:
        answer = http.get(f"/jobs/{job['job_id']}", timeout=HANG_S)
    except httpx.TransportError:
        return None
    assert answer.status_code == 200 or answer.status_code >= 500, answer.text
    state: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
    return state


def ended(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended."""
    deadline = time.monotonic() + HANG_S
    while True:
        state = read(http, job)
        if state and state["status"] not in ("queued", "running"):
            return state
        assert time.monotonic() < deadline, state
        time.sleep(0.1)


def steady(http: httpx.Client) -> None:
    """Return once the service answers every time: HAProxy has noticed which ingress replicas are dead."""
    deadline, good = time.monotonic() + HANG_S, 0
    while good < 30:
        assert time.monotonic() < deadline
        try:
            good = good + 1 if http.get("/health", timeout=HANG_S).status_code == 200 else 0
        except httpx.TransportError:
            good = 0
        time.sleep(0.05)


def kill(run: str, deployment: str) -> list[int]:
    """The processes of a deployment's replicas in a run, killed."""
    found = replicas(run, deployment)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return found


def replicas(run: str, deployment: str) -> list[int]:
    """The processes of a deployment's replicas in a run."""
    return [pid for pid in members(run) if f"ServeReplica:cutout:{deployment}".encode() in _command(pid)]


def kill_all(run: str) -> None:
    """Every process of a run, killed at once."""
    while left := members(run):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def run_id(folder: Path) -> str:
    """The run whose data lie in a folder."""
    [file] = (folder / "data").glob("run-*.json")
    found: str = json.loads(file.read_text())["run_id"]
    return found


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


def told(came: list[str], jobs: list[dict[str, Any]], timeout_s: float = HANG_S) -> bool:
    """Whether every job's webhook came, within a time, each under the job's own id, and no other one."""
    wanted, deadline = {f"msg_{job['job_id']}" for job in jobs}, time.monotonic() + timeout_s
    while not wanted <= set(came) and time.monotonic() < deadline:
        time.sleep(0.1)
    return wanted == set(came)


class Batch:
    """Accepted jobs of two models, one of them paid for, and those of which the paid result was known to be kept."""

    def __init__(self, service: "Service", count: int, url: str) -> None:
        self._service = service
        self.widths = [next(WIDTHS) for _ in range(count)]
        with ThreadPoolExecutor(8) as callers:
            self.jobs = list(
                callers.map(lambda w: accept(service.http, picture(w), *MODELS, webhook_url=url), self.widths)
            )
        self.paid: dict[int, int] = {}
        """Calls of the provider for a picture when its result was known, by its width."""

    def in_the_middle(self) -> None:
        """Return when some jobs are paid and others are not."""
        deadline = time.monotonic() + HANG_S
        for width, job in itertools.cycle(zip(self.widths, self.jobs, strict=True)):
            assert time.monotonic() < deadline, self.paid
            state = read(self._service.http, job) or {"results": []}
            if width not in self.paid and any(r["model_id"] == PAID for r in state["results"]):
                self.paid[width] = self._service.charged[width]
            if len(self.paid) >= len(self.jobs) // 5:
                break
        charged = self._service.charged
        assert not all(charged[width] for width in self.widths), "it was too quick"

    def ended(self) -> list[dict[str, Any]]:
        """Every job once it has ended."""
        return [ended(self._service.http, job) for job in self.jobs]

    def check(self, came: list[str], kills: int = 1) -> None:
        """Each job was told, under its own id, and paid; what was paid and kept was not paid again."""
        charged = self._service.charged  # before the ledger is read: what comes later was set aside before it came
        calls, booked = [charged[width] for width in self.widths], self._service.booked
        assert told(came, self.jobs)
        print(f"\n{kills} killed: {len(self.jobs)} jobs accepted, all ended and told, paid for {sum(calls)} times")
        print(f"money: {sum(charged.values())} calls at the provider, {booked:g} booked")
        assert sum(charged.values()) <= booked
        assert {width: charged[width] for width in self.paid} == self.paid
        assert min(calls) >= 1
        assert sum(calls) <= len(calls) + kills * AT_WORK  # those mid-call at a kill, which nobody can know of


class Service:
    """A service on lean/ that may be killed and started again, its provider over HTTP, and what that was paid for."""

    def __init__(self, folder: Path, variables: dict[str, str], runware: FakeRunware) -> None:
        self.folder = folder
        self.port = free_port()
        self._variables = variables
        self.runware = runware
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=HANG_S, trust_env=False)

    def start(self) -> None:
        """Start it, again after it was killed, and wait until it is ready."""
        self._process = start(self.folder, self.port, LEAN, **self._variables)
        wait_ready(self._process, self.folder)

    @property
    def booked(self) -> float:
        """Pictures that are booked, or whose price is set aside; one that was paid is worth its price here."""
        url = self._variables.get("DATABASE_URL", f"sqlite:///{self.folder}/data/ledger.sqlite")
        return round(booked_usd(url, "runware") / PRICE_USD, 6)

    @property
    def logs(self) -> str:
        """What its replicas have logged, in every run."""
        return "".join(file.read_text() for file in (self.folder / "logs").glob("replica_*.log"))

    @property
    def ledger_was_late(self) -> bool:
        """Whether a replica went on without the ledger, which did not answer in time."""
        return "The ledger does not answer" in self.logs

    def kill(self) -> None:
        """Kill every process of it at once."""
        assert self._process
        run = run_id(self.folder)
        os.kill(self._process.pid, signal.SIGKILL)
        kill_all(run)
        self._process.wait(HANG_S)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it as a user does; one that was ended stays so."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
            assert self._process.wait(HANG_S) == 0, (self.folder / "log").read_text()

    @property
    def charged(self) -> Counter[int]:
        """How often the provider has worked on a picture, by its width."""
        sizes = (call.facts["size"] for call in self.runware.script.seen("task"))
        return Counter(width for width, height in sizes if height == HEIGHT_PX)  # else it was the start's sample


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Service]:
    """A service that runs, with a provider that takes its time."""
    runware = FakeRunware(0.8)
    with Served(runware.app) as provider:
        provided = {"RUNWARE_API_KEY": "fake", "RUNWARE_BASE_URL": f"{provider.url}/v1", **variables}
        service = Service(folder, provided, runware)
        try:
            service.start()
            yield service
        finally:
            service.end()
            service.http.close()


def _command(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""  # it has ended
