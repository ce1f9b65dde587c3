"""Parses the Retry-After header (RFC 9110, 10.2.3)."""

import time
from email.utils import parsedate_to_datetime


def retry_after_s(value: str | None) -> float | None:
    """Seconds to wait, from a number or a date; None when the header is missing or invalid."""
    if value is None:
        return None
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):  # not a date, or out of range
        return None
