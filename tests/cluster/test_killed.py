"""A service with keys, killed as a whole and started again; who may come in at its side doors; and its end."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cutout.keys import KeyRing, make_key
from serve_app.leftovers import members
from tests.cluster.killing import Batch, Service, receiver, run_id, running

JOBS = 20
TEXT, RECORD = make_key("Ann")


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
    KeyRing(folder / "keys").add(RECORD)
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

    assert [state["status"] for state in states] == ["completed"] * JOBS
    killed.batch.check(killed.came)
    for state in states:
        after = {result["model_id"]: result["times_ms"] for result in state["results"]}
        for result in killed.before[state["job_id"]]:
            assert result["times_ms"] == after[result["model_id"]]


def doors(service: Service) -> list[int]:
    """Ports of ingress replicas, which answer HTTP without passing HAProxy."""
    [pid, *_] = members(run_id(service.folder))
    environment = (Path("/proc") / str(pid) / "environ").read_text()
    [first] = re.findall(r"RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT=(\d+)", environment)
    return [port for port in range(int(first), int(first) + 100) if _is_open(port)]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def status(port: int, *lines: str) -> int:
    """The status of GET /models with these header lines sent as they are."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as connection:
        head = "\r\n".join(["GET /models HTTP/1.1", "Host: here", *lines, "Connection: close", "", ""])
        connection.sendall(head.encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_a_replicas_own_port_wants_a_key(killed: Killed) -> None:
    """Straight to a replica, or through HAProxy, exactly the key opens: not its wrong case, nor a forged address."""
    ports = doors(killed.service)
    wrong = (
        [],
        [f"X-API-Key: {TEXT.upper()}"],
        [f"Authorization: Bearer {TEXT.swapcase()}"],
        ["X-Forwarded-For: 127.0.0.1"],
    )

    assert ports
    for port in (*ports, killed.service.port):
        assert [status(port, *lines) for lines in wrong] == [401] * len(wrong)
        assert status(port, f"X-API-Key: {TEXT}") == 200


def test_a_key_with_a_blank_after_it(killed: Killed) -> None:
    """A replica refuses it. HAProxy strips blanks from the ends of a header, which mean nothing in HTTP."""
    for port in doors(killed.service):
        assert status(port, f"X-API-Key: {TEXT} ") == 401
    assert status(killed.service.port, f"X-API-Key: {TEXT} ") == 200


def test_nothing_is_left_behind(killed: Killed) -> None:
    """After Ctrl-C no process of the run lives, the port is free, and the exit code is 0.

    The session's own service, ended by SIGTERM, is looked at in its fixture.
    """
    run = run_id(killed.service.folder)
    assert len(members(run)) > 5

    killed.service.end(signal.SIGINT)

    assert members(run) == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does: closed connections linger
        probe.bind(("127.0.0.1", killed.service.port))
