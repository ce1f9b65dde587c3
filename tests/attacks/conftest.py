"""The services that are attacked, without Ray."""

from tests.serve_app.conftest import client

__all__ = ["client"]
