"""A service that is killed, in parts and as a whole, on each kind of store."""

import uuid
from collections.abc import Iterator

import pytest

from tests.cluster.killing import Service, running
from tests.support.databases import created
from tests.support.s3 import s3

__all__ = ["s3"]


@pytest.fixture(scope="module", params=["sqlite-folder", "postgresql-s3"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all kills on a database and a store of pictures."""
    stores = {}
    if request.param == "postgresql-s3":
        url = created(request.getfixturevalue("postgres"))
        stores = {"DATABASE_URL": url, "CUTOUT_PICTURES": f"{request.getfixturevalue('s3')}/{uuid.uuid4().hex}"}
    with running(tmp_path_factory.mktemp("service"), **stores) as service:
        yield service
