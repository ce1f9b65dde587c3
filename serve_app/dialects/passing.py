"""When to come back: Retry-After of a refusal that passes, whatever its dialect."""

import math

from cutout.errors import CutoutError, RateLimited, ServiceUnavailable
from serve_app.responses import RETRY_AFTER_S


def retry_after(error: CutoutError) -> dict[str, str]:
    """The header, of too many requests and of what is away; the error's own word, in seconds, where it has one."""
    if error.status not in (RateLimited.status, ServiceUnavailable.status):
        return {}
    return {"Retry-After": str(math.ceil(error.details.get("retry_after_s") or RETRY_AFTER_S))}
