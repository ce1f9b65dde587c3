"""Bodies about the deliveries of a webhook."""

from typing import Literal

from pydantic import Field

from serve_app.contract.body import Body


class AttemptBody(Body):
    """One attempt to deliver a webhook."""

    at: float = Field(description="Unix time, in seconds.")
    status: int | None = Field(description="The receiver's HTTP status, when there was one.")
    reason: str | None = Field(description="Why it failed; null: delivered.")
    retry_after_s: float | None = Field(None, description="The receiver's `Retry-After`, in seconds, when it failed.")


class DeliveryBody(Body):
    """The delivery of a webhook so far."""

    status: Literal["pending", "delivered", "failed"]
    attempts: list[AttemptBody]
