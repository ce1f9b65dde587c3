"""What one ingress replica has let in: by it limits hold while the one true count is away or slow."""

from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import RateLimitDecision
from serve_app.middleware.callers import Caller

LEASE_S = 900.0
"""No request lasts longer; a slot is given back by the request that took it."""


class OwnCount:
    """A limiter of this replica's own, which sees every request that is let in, whoever let it in.

    So it holds the limits from the first moment on in which the true count is not there. With several ingress replicas
    each holds them for what comes to it, which together may be as many times the limit.
    """

    def __init__(self) -> None:
        self._limiter = Limiter(LEASE_S)

    def admit(self, caller: Caller, cost: int, said: RateLimitDecision | None) -> RateLimitDecision:
        """The verdict on a request: what the true count `said`, or, where it said nothing, this one's own."""
        if said and not said.allowed:
            return said  # who is refused does not count
        own = self._limiter.admit(caller.who, caller.tier, cost)
        return said or own

    def begin(self, caller: Caller, job_id: str, said: RateLimitDecision | None) -> RateLimitDecision:
        """The verdict on a job, in the same way."""
        if said and not said.allowed:
            return said
        own = self._limiter.begin(caller.who, caller.tier, job_id)
        return said or own

    def end(self, job_id: str) -> None:
        """Give a slot back, or leave it to a durable job, whose slot is the true count's alone."""
        self._limiter.end(job_id)
