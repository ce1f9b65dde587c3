"""The end of a request that is a job: its record and its slot go to the ledger in one call, before its last byte."""

from contextvars import ContextVar

from cutout.picks.job_record import JobRecord


class JobEnd:
    """What is still to be told of a job when its response is complete."""

    def __init__(self) -> None:
        self._record: JobRecord | None = None
        self._is_over = False
        _CURRENT.set(self)

    def take(self) -> JobRecord | None:
        """The job's record, if there is one that was not taken yet; none is accepted after it."""
        record, self._record, self._is_over = self._record, None, True
        return record

    def leave(self, record: JobRecord) -> bool:
        """Have a record stored at the end; False when that is over."""
        if not self._is_over:
            self._record = record
        return not self._is_over


_CURRENT: ContextVar[JobEnd | None] = ContextVar("job_end", default=None)


def leave_for_the_end(record: JobRecord) -> bool:
    """Have the request that the current task works for store this record at its end; False when there is none."""
    end = _CURRENT.get()
    return end is not None and end.leave(record)
