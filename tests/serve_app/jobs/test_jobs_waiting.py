"""A database that cannot be written while jobs are at work: no room on its disk, or no PostgreSQL."""

import asyncio
import base64
import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.databases import postgres_server
from tests.support.durable_jobs import Works, client, picture, working
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
MODELS = ["first", "second"]
SEEN = "Retrying in"
"""What DBOS logs each time that it could not write."""


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Leave no byte of room."""
    with (place / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return place / "filler"


async def post(http: httpx.AsyncClient) -> httpx.Response:
    """A durable job of both models."""
    body = {"image": base64.b64encode(picture()).decode(), "include_models": MODELS}
    return await http.post("/remove-background", json=body, headers={"Prefer": "respond-async"})


async def until(http: httpx.AsyncClient, job: dict[str, Any], status: str) -> dict[str, Any]:
    """The job once it has this status."""
    async with asyncio.timeout(HANG_S):
        while (body := (await http.get(job["status_url"])).json())["status"] != status:
            await asyncio.sleep(0.05)
    found: dict[str, Any] = body
    return found


async def seen(said: pytest.LogCaptureFixture) -> None:
    """Return once DBOS could not write."""
    async with asyncio.timeout(HANG_S):
        while SEEN not in said.text:
            await asyncio.sleep(0.05)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What DBOS logs; it keeps that from the root logger."""
    logging.getLogger("dbos").addHandler(caplog.handler)
    yield caplog
    logging.getLogger("dbos").removeHandler(caplog.handler)


async def at_work(works: Works, http: httpx.AsyncClient) -> dict[str, Any]:
    """A job whose first model is done, and the second one held."""
    works.models["second"].held = asyncio.Event()
    job: dict[str, Any] = (await post(http)).json()
    async with asyncio.timeout(HANG_S):
        while not (await http.get(job["status_url"])).json()["results"]:
            await asyncio.sleep(0.05)
    return job


def let_go(works: Works) -> None:
    """Let the second model answer."""
    held = works.models["second"].held
    assert held
    held.set()


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted: root is expected")
async def test_a_full_disk_is_waited_for(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    """A job whose step has no room ends by itself once there is, no model run again; another is refused with 503."""
    with small_disk(tmp_path / "disk") as disk:
        async with working(tmp_path, f"sqlite:///{disk}/ledger.db") as works, client(works) as http:
            job = await at_work(works, http)
            filler = fill(disk)
            let_go(works)
            await seen(said)
            refused = await post(http)
            filler.unlink()
            done = await until(http, job, "completed")
            after = await until(http, (await post(http)).json(), "completed")

    assert (refused.status_code, refused.json()["error"]["type"]) == (503, "service_unavailable")
    assert [result["status"] for body in (done, after) for result in body["results"]] == ["success"] * 4
    assert len(works.runs) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted: root is expected")
async def test_a_full_store_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A job whose result has no room in the store is completed once there is, no model run again."""
    with small_disk(tmp_path / "disk") as disk:
        url, place = f"sqlite:///{tmp_path}/ledger.db", str(disk / "pictures")
        async with working(tmp_path, url, place=place) as works, client(works) as http:
            job = await at_work(works, http)
            filler = fill(disk)
            let_go(works)
            async with asyncio.timeout(HANG_S):
                while "waits for its store" not in caplog.text:
                    await asyncio.sleep(0.05)
            filler.unlink()
            done = await until(http, job, "completed")

    assert [result["status"] for result in done["results"]] == ["success"] * 2
    assert len(works.runs) == 2


async def test_postgresql_is_waited_for(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    """A job whose PostgreSQL is away ends once it is back, no model run again; another is refused with 503."""
    with postgres_server() as server:
        async with working(tmp_path, server.get_uri()) as works, client(works) as http:
            job = await at_work(works, http)
            server.stop()
            let_go(works)
            await seen(said)
            refused = await post(http)
            server.ensure_postgres_running()
            done = await until(http, job, "completed")

    assert (refused.status_code, refused.json()["error"]["type"]) == (503, "service_unavailable")
    assert [result["status"] for result in done["results"]] == ["success"] * 2
    assert len(works.runs) == 2
