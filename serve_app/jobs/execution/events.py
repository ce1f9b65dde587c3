"""Events of durable jobs within the worker's process."""

import asyncio


class JobEvents:
    """Wakes the callers that wait for a job's next step, in the process that runs its steps."""

    def __init__(self) -> None:
        self._next: dict[str, asyncio.Event] = {}

    def next(self, job_id: str) -> asyncio.Event:
        """An event that is set at the job's next step."""
        return self._next.setdefault(job_id, asyncio.Event())

    def tell(self, job_id: str) -> None:
        """Wake everybody who waits for this job."""
        if waiting := self._next.pop(job_id, None):
            waiting.set()
