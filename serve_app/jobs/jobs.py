"""The one interface to durable jobs, for every ingress replica; worker.py implements it."""

from collections.abc import Mapping
from typing import Protocol

from serve_app.jobs.state import JobPage, JobQuery, JobState, Order
from serve_app.jobs.webhooks.attempts import Delivery


class Jobs(Protocol):
    """The durable jobs of a service. Every method raises ServiceUnavailable while they cannot be reached."""

    async def check(self) -> Mapping[str, int]:
        """How full the store is, by name, once it is known that a job could be accepted now."""

    async def accept(self, order: Order) -> JobState:
        """Store a job, or find it stored already. Once this has returned, the job survives any crash.

        Raises:
            IdempotencyConflict: its id was used for another request.
        """

    async def state(self, job_id: str) -> JobState | None:
        """A job's state now; None when there is no such job, or it was deleted."""

    async def changed(self, job_id: str, progress: int) -> JobState | None:
        """A job's state once it is beyond `progress` or has ended, or as it is after NEWS_S seconds; None as above."""

    async def cancel(self, job_id: str) -> JobState:
        """End a job: its models are stopped, finished results are kept, its webhook is sent. An ended job stays as is.

        Raises:
            NotFound: there is no such job.
        """

    async def page(self, query: JobQuery) -> JobPage:
        """A page of the jobs that are wanted, the newest first."""

    async def forget(self, job_id: str) -> None:
        """Cancel a job, and delete all that is stored of it: its pictures, its state, and its webhook.

        Raises:
            NotFound: there is no such job.
        """

    async def delivery(self, job_id: str) -> Delivery | None:
        """The attempts at the webhook of a job or a batch so far; None while there was nothing to send."""

    async def redeliver(self, job_id: str) -> None:
        """Send a job's webhook once more, starting at the first attempt.

        Raises:
            NotFound: there is no such job.
            ValidationError: it has no webhook.
            Conflict: it has not ended.
        """
