"""The services that are attacked, without Ray."""

from tests.serve_app.conftest import client, sqlite_jobs

__all__ = ["client", "sqlite_jobs"]
