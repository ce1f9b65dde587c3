"""The table of endpoints: its rows fit together, and the app serves each of them."""

from collections import Counter
from itertools import groupby

import pytest
from starlette.testclient import TestClient

from serve_app.endpoints.batches import BatchEndpoints
from serve_app.endpoints.compose import ComposeEndpoint
from serve_app.endpoints.edit import EditEndpoint
from serve_app.endpoints.endpoint import Endpoint
from serve_app.endpoints.jobs import JobEndpoints
from serve_app.endpoints.shares import ShareEndpoints
from serve_app.endpoints.table import ENDPOINTS
from tests.serve_app.openapi.test_openapi import described

GROUPS = (JobEndpoints, BatchEndpoints, ComposeEndpoint, EditEndpoint, ShareEndpoints)
DURABLE = {handler for group in GROUPS for handler in vars(group).values() if callable(handler)}


def path_of(endpoint: Endpoint) -> str:
    return endpoint.path


def test_a_method_and_path_is_one_row() -> None:
    """No row hides another."""
    assert Counter((one.method, one.path) for one in ENDPOINTS).most_common(1)[0][1] == 1


@pytest.mark.parametrize("path", dict.fromkeys(map(path_of, ENDPOINTS)))
def test_the_rows_of_a_path_agree(path: str) -> None:
    """A wrong method is answered as its path's other rows say: with or without a key, in one dialect."""
    rows = [one for one in ENDPOINTS if one.path == path]

    assert len({(one.is_open, one.dialect) for one in rows}) == 1


def test_the_document_has_the_table() -> None:
    """A service with durable jobs describes each row that has responses, and nothing else."""
    rows = sorted((one for one in ENDPOINTS if one.responses), key=path_of)
    table = {path: {one.method.lower() for one in group} for path, group in groupby(rows, path_of)}

    assert {path: set(operations) for path, operations in described()["paths"].items()} == table


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_each_row_is_served(client: TestClient, endpoint: Endpoint) -> None:
    """A method that a path does not have is 405 with those that it has; without durable jobs, theirs are 404."""
    allowed = sorted({name for one in ENDPOINTS if one.path == endpoint.path for name in one.methods})

    answer = client.put(endpoint.path.replace("{file:path}", "page.css"))

    if endpoint.handler in DURABLE:
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(allowed))
