"""The drop-in endpoints without Ray: three models that need no weights, a real ledger on SQLite, no keys."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from tests.serve_app.dialects.dropped import drop_in_registry
from tests.support.in_process import shotgun


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A caller of the app itself; one for a module, whose tests leave nothing behind but money spent."""
    ledger = DatabaseLedger(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.sqlite", lease_s=60)
    with TestClient(create_app(shotgun(drop_in_registry(), ledger), ledger), raise_server_exceptions=False) as client:
        assert client.portal
        client.portal.call(ledger.start)
        yield client
        client.portal.call(ledger.close)
