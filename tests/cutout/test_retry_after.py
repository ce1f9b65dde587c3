"""Retry-After as a client reads it."""

import time
from email.utils import formatdate

import pytest

from cutout.retry_after import retry_after_s


@pytest.mark.parametrize(("value", "wait_s"), [("7", 7), ("0", 0), ("soon", None), ("-3", None), (None, None)])
def test_seconds(value: str | None, wait_s: float | None) -> None:
    """A number of seconds is understood; nonsense and nothing are ignored."""
    assert retry_after_s(value) == wait_s


def test_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """A date is understood as the seconds until then, and one that has passed as none."""
    now = 1_700_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)

    assert [retry_after_s(formatdate(now + wait_s, usegmt=True)) for wait_s in (60, -60)] == [60, 0]
