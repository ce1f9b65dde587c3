"""`kill -9` in the middle of 50 accepted jobs: all finish, are told, and what was done is paid for once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.callers import outlive
from tests.cluster.killing import AT_WORK, PAID, Batch, Service, kill, read, receiver, run_id, steady

JOBS = 50


@pytest.fixture
def hook() -> Iterator[tuple[str, list[str]]]:
    """A receiver of webhooks."""
    with receiver() as (url, came):
        yield url, came


@pytest.mark.parametrize("deployment", ["Ledger", "Jobs", "quick", "Ingress"])
def test_a_replica(service: Service, hook: tuple[str, list[str]], deployment: str) -> None:
    """The ledger, the jobs' replica, a model's or the ingress, killed: all jobs are completed, each told and paid."""
    url, came = hook
    batch = Batch(service, JOBS, url)
    batch.in_the_middle()
    killed = kill(run_id(service.folder), deployment)
    states = batch.ended()
    steady(service.http)

    assert killed
    assert {state["status"] for state in states} == {"completed"}
    batch.check(came)


def test_the_ingress_under_clients(service: Service, tmp_path: Path) -> None:
    """The ingress again and again, beneath the client, its stream and the command: all is answered, and paid once."""

    def strike() -> None:
        for _ in range(3):
            assert kill(run_id(service.folder), "Ingress")
            steady(service.http)

    outlive(service, None, tmp_path, strike)


def test_a_replica_of_a_provider(service: Service, hook: tuple[str, list[str]]) -> None:
    """A remote model's replica, killed: its calls in flight fail, as they may be paid, and no picture is paid twice."""
    url, came = hook
    batch = Batch(service, JOBS, url)
    batch.in_the_middle()
    killed = kill(run_id(service.folder), PAID)
    statuses = [state["status"] for state in batch.ended()]

    assert killed
    assert set(statuses) <= {"completed", "partial"}
    assert statuses.count("partial") <= AT_WORK
    batch.check(came)
    assert max(service.charged[width] for width in batch.widths) == 1


def test_the_whole_service(service: Service, hook: tuple[str, list[str]]) -> None:
    """Every process of the service, killed at once: after the restart all jobs are completed, each told and paid."""
    url, came = hook
    batch = Batch(service, JOBS, url)
    batch.in_the_middle()
    results = {job["job_id"]: state["results"] for job in batch.jobs if (state := read(service.http, job))}
    service.kill()
    service.start()
    states = batch.ended()

    assert {state["status"] for state in states} == {"completed"}
    batch.check(came)
    assert service.http.get(states[0]["results"][0]["image_url"]).content.startswith(b"\x89PNG")
    for state in states:  # the very same results: what was done is not done again
        after = {result["model_id"]: result["times_ms"] for result in state["results"]}
        for result in results[state["job_id"]]:
            assert result["times_ms"] == after[result["model_id"]]
