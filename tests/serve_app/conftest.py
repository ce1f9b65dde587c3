"""The HTTP service without Ray."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serve_app.app import create_app
from tests.serve_app.parts import model, registry, shotgun


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Two models that work and one that fails, within small limits."""
    models = (model("first"), model("second", price_usd=0.25), model("broken", options={"error": "out of ink"}))
    reg = registry(*models, body_bytes=200_000, input_px=1_000_000, output_px=4_000_000)
    with TestClient(create_app(shotgun(reg)), raise_server_exceptions=False) as client:
        yield client
