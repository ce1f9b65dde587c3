"""What the limiter says to a request, and what it counts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobSlot:
    """One of the jobs that a caller may have at work at a time."""

    who: str
    """The caller: `key:<id>`, `address:<address>` or `anonymous`."""
    id: str
    """Its own, whatever the job's id is."""


@dataclass(frozen=True, slots=True)
class RateLimitDecision:
    """Whether a request, or a job, may go on, and what is left of the caller's budget after it."""

    allowed: bool
    limit: int
    """Requests in 60 seconds, or jobs at a time, that the caller's tier allows."""
    remaining: int
    """How many more would be allowed now; 0..limit."""
    reset_unix_s: int
    """When the next slot comes free, in whole seconds of Unix time, rounded up; now, when all are free."""
    retry_after_s: int
    """Whole seconds to wait after a refusal, at least 1; 0 when allowed."""
