"""HTTP's Retry-After, as a client reads it (RFC 9110, 10.2.3)."""

import time
from email.utils import parsedate_to_datetime


def retry_after_s(value: str | None) -> float | None:
    """Seconds to wait by a Retry-After header, a number or a date; None without one that makes sense."""
    if value is None:
        return None
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):  # no date, or one that no clock has
        return None
