"""Retry-After as a client reads it."""

import time
from email.utils import formatdate

import pytest

from cutout.retry_after import retry_after_s


@pytest.mark.parametrize(("value", "wait_s"), [("7", 7), ("0", 0), ("soon", None), ("-3", None), (None, None)])
def test_seconds(value: str | None, wait_s: float | None) -> None:
    """A number of seconds is understood; nonsense and nothing are ignored."""
    assert retry_after_s(value) == wait_s


def test_a_date() -> None:
    """A date is understood as the seconds until then."""
    assert 50 < (retry_after_s(formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
