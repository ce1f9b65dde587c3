"""A service with keys, killed as a whole and started again; who may come in at its side doors; and its end."""

import itertools
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cutout.accounts.keys import KeyRing, make_key
from serve_app.process.child_processes import members
from tests.attacks.test_pictures import COSTLY
from tests.cluster.callers import outlive
from tests.cluster.conftest import readiness
from tests.cluster.crowd import Insistent, crowd, spent_s, wait_alive_s
from tests.cluster.killing import PAID, Batch, Service, kill, picture, receiver, run_id, running, steady
from tests.cluster.side_doors import asked, doors
from tests.support.patience import HANG_S

JOBS = 20
INGRESSES = 3
"""`num_replicas` of the Ingress in lean/."""
TEXT, RECORD = make_key("Ann")
SIXTY_TEXT, SIXTY = make_key("Bob", tier="sixty")
TWO_TEXT, TWO = make_key("Cleo", tier="two")
PICTURE: dict[str, Any] = {"content": picture(64), "headers": {"Content-Type": "image/png"}}
HOSTILE = ("RGBA PNG in HLG", "AVIF with film grain", "PNG of 5,000 chunks")
"""Of each way to be small and costly one."""
FORGED = "X-Forwarded-For: 127.0.0.1"


class Upload:
    """A picture whose second half is sent when the test says so."""

    def __init__(self, image: bytes) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._image = image

    def __iter__(self) -> Iterator[bytes]:
        half = len(self._image) // 2
        yield self._image[:half]
        self.begun.set()
        assert self.go_on.wait(HANG_S)
        yield self._image[half:]


@dataclass(frozen=True)
class Killed:
    """A service that was killed in the middle of its jobs, and works again."""

    service: Service
    batch: Batch
    came: list[str]
    """Ids of the webhooks that came."""
    before: dict[str, list[dict[str, Any]]]
    """Results that were known before it was killed, by job."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """One such service for all tests here."""
    folder = tmp_path_factory.mktemp("killed")
    for record in (RECORD, SIXTY, TWO):
        KeyRing(folder / "keys").add(record)
    with receiver() as (url, came), running(folder, CUTOUT_API_KEYS_FILE=str(folder / "keys")) as service:
        service.http.headers["X-API-Key"] = TEXT
        batch = Batch(service, JOBS, url)
        batch.in_the_middle()
        before = {job["job_id"]: service.http.get(f"/jobs/{job['job_id']}").json()["results"] for job in batch.jobs}
        service.kill()
        service.start()
        yield Killed(service, batch, came, before)


def test_a_killed_service_loses_no_job(killed: Killed) -> None:
    """Of 20 accepted jobs all finish and are told, and what was done and paid is not done and paid again."""
    states = killed.batch.ended()

    assert [result for state in states for result in state["results"] if result["status"] == "error"] == []
    assert [state["status"] for state in states] == ["completed"] * JOBS
    killed.batch.check(killed.came)
    for state in states:
        after = {result["model_id"]: result["times_ms"] for result in state["results"]}
        for result in killed.before[state["job_id"]]:
            assert result["times_ms"] == after[result["model_id"]]


def test_a_replicas_own_port_wants_a_key(killed: Killed) -> None:
    """Straight to a replica, or through HAProxy, exactly the key opens: not its wrong case, nor a forged address."""
    ports = doors(run_id(killed.service.folder), INGRESSES)
    wrong = ("X-API-Key: ", f"X-API-Key: {TEXT.upper()}", f"Authorization: Bearer {TEXT.swapcase()}", FORGED)

    assert len(ports) == INGRESSES
    for port in (*ports, killed.service.port):
        assert [asked(port, line)[0] for line in wrong] == [401] * len(wrong)
        assert asked(port, f"X-API-Key: {TEXT}")[0] == 200


def test_a_key_with_a_blank_after_it(killed: Killed) -> None:
    """A replica refuses it. HAProxy strips blanks from the ends of a header, which mean nothing in HTTP."""
    for port in doors(run_id(killed.service.folder), INGRESSES):
        assert asked(port, f"X-API-Key: {TEXT} ")[0] == 401
    assert asked(killed.service.port, f"X-API-Key: {TEXT} ")[0] == 200


def test_sixty_of_six_hundred(killed: Killed) -> None:
    """Of 600 requests by 4 clients to all ingress replicas and HAProxy exactly 60 are let in for each minute.

    On a machine so busy that the ledger was late, each replica let in 60 at most by its own count.
    """
    ports = itertools.cycle([*doors(run_id(killed.service.folder), INGRESSES), killed.service.port])
    with ThreadPoolExecutor(4) as clients:
        started = time.monotonic()
        answers = clients.map(
            lambda port: asked(port, f"X-API-Key: {SIXTY_TEXT}", FORGED), itertools.islice(ports, 600)
        )
        statuses = Counter(status for status, _ in answers)
        took_s = time.monotonic() - started

    assert statuses[200] + statuses[429] == 600
    counts = INGRESSES if killed.service.ledger_was_late else 1
    assert 60 <= statuses[200] <= 60 * counts * (1 + took_s // 60)  # a slow machine takes longer than a minute


def test_a_job_holds_its_place(killed: Killed) -> None:
    """Of three jobs of a caller who may have two at a time the third is refused, though each is answered at once.

    On a machine so busy that the ledger was late, a replica that counts by itself knows only of requests in hand.
    """
    caller, runware = {"X-API-Key": TWO_TEXT}, killed.service.runware.script

    def post() -> httpx.Response:
        headers = {**caller, "Prefer": "respond-async", "Content-Type": "image/png"}
        return killed.service.http.post(
            f"/remove-background?include_models={PAID}", content=picture(64), headers=headers
        )

    runware.latency_s = HANG_S
    answers = [post() for _ in range(3)]
    runware.latency_s = 0
    while (
        killed.service.http.get(f"/jobs/{answers[0].json()['job_id']}", headers=caller).json()["status"] != "completed"
    ):
        time.sleep(0.05)
    answers.append(post())

    statuses = [answer.status_code for answer in answers]
    assert statuses == [202, 202, 429, 202] or (killed.service.ledger_was_late and set(statuses) <= {202, 429})


def test_clients_outlive_the_ingress(killed: Killed, tmp_path: Path) -> None:
    """Every ingress replica dies with requests of client and command in it: each is answered well, and paid, once."""
    outlive(killed.service, TEXT, tmp_path, lambda: kill(run_id(killed.service.folder), "Ingress"))
    steady(killed.service.http)


def test_a_crowd_without_end_keeps_nobody_out(killed: Killed) -> None:
    """Half-sent heads, endless uploads and slow readers at once: another caller is served, and every door is alive."""
    http, port = killed.service.http, killed.service.port
    with crowd(port, TEXT):
        answers = [http.post("/remove-background?include_models=quick", **PICTURE) for _ in range(20)]
        waits_s = [wait_alive_s(door) for door in (port, *doors(run_id(killed.service.folder))) for _ in range(5)]

    print(f"\n{len(answers)} answers; longest wait for /health/live: {max(waits_s):.3f} s")
    assert [answer.status_code for answer in answers] == [200] * len(answers)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_replica_is_alive_while_a_costly_picture_is_in_work(killed: Killed, name: str) -> None:
    """What it costs is not spent where everybody is answered: each replica takes next to no processor time for it."""
    run, data = run_id(killed.service.folder), COSTLY[name]()
    ports, waits_s = (killed.service.port, *doors(run)), [0.0]
    before = spent_s(run)
    with ThreadPoolExecutor(1) as pool:
        asked_for = PICTURE | {"content": data}
        answer = pool.submit(killed.service.http.post, "/remove-background?include_models=quick", **asked_for)
        for _ in range(20):  # a probe's own cost is bounded, too
            if not answer.done():
                waits_s += [wait_alive_s(port) for port in ports]
                time.sleep(0.1)
        status = answer.result().status_code
    spent = spent_s(run) - before

    print(f"\n{name}, {len(data)} bytes: {status}, {max(waits_s):.3f} s for /health/live, {spent:.2f} s of ingress")
    assert status in (200, 400, 413)
    assert spent < 2


def test_an_end_waits_and_leaves_nothing_behind(killed: Killed) -> None:
    """At SIGTERM the service says that it drains, and answers what it has in hand; then it ends, and leaves nothing.

    Four callers who go on asking get whole answers, then 503, then no connection: no request is cut, and what was paid
    is answered. No process of the run lives, the port is free, and the exit code is 0. The session's own service is
    ended by Ctrl-C, and looked at in its fixture.
    """
    run, http, upload = run_id(killed.service.folder), killed.service.http, Upload(picture(64))
    assert len(members(run)) > 5
    readiness(http, 200)
    callers = [Insistent(str(http.base_url), TEXT) for _ in range(4)]
    killed.service.runware.script.latency_s = 0.2

    with ThreadPoolExecutor() as pool:
        asking = [pool.submit(caller.ask) for caller in callers]
        _wait_for(lambda: any(200 in caller.outcomes.values() for caller in callers))
        answer = pool.submit(http.post, "/upscale", **PICTURE | {"content": upload})
        assert upload.begun.wait(HANG_S)
        assert http.get("/health/live").status_code == 200  # what was sent before it has arrived, too
        ending = pool.submit(killed.service.end, signal.SIGTERM)
        ready = readiness(http, 503)
        _wait_for(lambda: any(503 in caller.outcomes.values() for caller in callers))
        upload.go_on.set()

        assert ready["status"] == "draining"
        assert answer.result().status_code == 200
        ending.result()
        outcomes = {width: what for caller in asking for width, what in caller.result(HANG_S).outcomes.items()}
    print(f"\n4 callers at SIGTERM: {dict(Counter(outcomes.values()))}, then refused connections")
    assert set(outcomes.values()) == {503, 200}
    assert [what for width, what in outcomes.items() if killed.service.charged[width] and what != 200] == []
    assert members(run) == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does: closed connections linger
        probe.bind(("127.0.0.1", killed.service.port))


def _wait_for(done: Callable[[], bool]) -> None:
    """Return once it is so."""
    deadline = time.monotonic() + HANG_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)
