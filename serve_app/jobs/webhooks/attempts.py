"""Attempts to deliver the webhook of a job, as frozen values."""

from dataclasses import dataclass
from typing import Literal

GONE = 410
"""The HTTP status by which a receiver declines further attempts."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one attempt; of the receiver's response, only the status is stored."""

    at: float
    """Unix time of its end, in seconds."""
    status: int | None
    """The receiver's HTTP status, when there was one."""
    reason: str | None
    """Why it failed; None: delivered."""
    retry_after_s: float | None = None
    """The receiver's Retry-After, in seconds."""

    @property
    def final(self) -> bool:
        """Whether there is no further attempt: it was delivered, or the receiver said that it is gone."""
        return self.reason is None or self.status == GONE


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivery of a job's webhook so far."""

    status: Literal["pending", "delivered", "failed"]
    attempts: tuple[Attempt, ...]
