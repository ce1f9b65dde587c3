"""The limiter's values: a slot that a job takes, and the decisions on a request and on its job."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobSlot:
    """One of the jobs that a caller may have running at a time."""

    who: str
    """The caller: `key:<id>`, `address:<address>` or `anonymous`."""
    id: str
    """Unique to the slot; not the job's id."""


@dataclass(frozen=True, slots=True)
class RateLimitDecision:
    """Whether a request, or a job, is allowed, and what is left of the caller's budget after it."""

    allowed: bool
    limit: int
    """Requests in 60 seconds, or jobs at a time, that the caller's tier allows."""
    remaining: int
    """How many more would be allowed now; 0..limit."""
    reset_unix_s: int
    """When one more will be allowed again, in whole seconds of Unix time, rounded up; now, if nothing is used."""
    retry_after_s: int
    """Whole seconds to wait after a refusal, at least 1; 0 when allowed."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The decisions on a request that is a job."""

    request: RateLimitDecision
    slot: RateLimitDecision | None
    """None: it was refused as a request already."""
