"""The HTTP service without Ray."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from tests.support.in_process import model, registry, shotgun


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Two models that work and one that fails, within small limits, and a real ledger on SQLite."""
    models = (model("first"), model("second", price_usd=0.25), model("broken", options={"error": "out of ink"}))
    reg = registry(*models, body_bytes=200_000, input_px=1_000_000, output_px=4_000_000)
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    with TestClient(create_app(shotgun(reg, ledger), ledger), raise_server_exceptions=False) as client:
        assert client.portal
        client.portal.call(ledger.start)
        yield client
        client.portal.call(ledger.close)
