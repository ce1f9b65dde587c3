"""The HTTP service without Ray."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from tests.support.in_process import model, registry, shotgun
from tests.support.lasting_jobs import Lasting, lasting


@contextmanager
def serving(folder: Path) -> Iterator[TestClient]:
    """Two models that work and one that fails, within small limits, and a real ledger on SQLite."""
    models = (model("first"), model("second", price_usd=0.25), model("broken", options={"error": "out of ink"}))
    reg = registry(*models, body_bytes=200_000, input_px=1_000_000, output_px=4_000_000)
    ledger = DatabaseLedger(f"sqlite:///{folder}/ledger.sqlite", lease_s=60)
    with TestClient(create_app(shotgun(reg, ledger), ledger), raise_server_exceptions=False) as client:
        assert client.portal
        client.portal.call(ledger.start)
        yield client
        client.portal.call(ledger.close)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service for the tests of a module, which leave nothing behind that others look at."""
    with serving(tmp_path_factory.mktemp("client")) as client:
        yield client


@pytest.fixture
def new_client(tmp_path: Path) -> Iterator[TestClient]:
    """A service that nobody has asked anything."""
    with serving(tmp_path) as client:
        yield client


@pytest.fixture(scope="module")
def sqlite_jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    """Jobs that the tests of a module follow each other on, on SQLite."""
    with lasting(f"sqlite:///{tmp_path_factory.mktemp('jobs')}/jobs.sqlite") as jobs:
        yield jobs
