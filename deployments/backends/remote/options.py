"""What `options:` of every remote backend has: the provider's key, its limits, and how it is called."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from cutout.spec import Spec


class LimitsForm(Spec):
    """`limits:` of a remote backend: what its provider takes. A picture beyond them is fitted, not refused."""

    max_side_px: PositiveInt | None = Field(None, description="Longest side, in pixels.")
    min_side_px: PositiveInt | None = Field(None, le=1024, description="Shortest side, in pixels.")
    max_px: PositiveInt | None = Field(None, description="Maximum pixels in total.")
    max_bytes: PositiveInt | None = Field(None, ge=65536, description="Largest file, in bytes.")
    formats: tuple[Literal["png", "jpeg", "webp"], ...] = Field(
        ("png", "jpeg", "webp"), min_length=1, description="Accepted formats; PNG is preferred."
    )


class CallsForm(Spec):
    """`calls:` of a remote backend: how its provider is called. Each replica keeps its own count of failures."""

    connect_s: PositiveFloat = Field(5.0, description="Seconds to connect.")
    tries: int = Field(3, ge=1, le=10, description="Attempts in total, where repeating a call is safe.")
    wait_s: PositiveFloat = Field(1.0, description="Seconds before the second attempt, doubled each time, plus jitter.")
    busy_wait_s: PositiveFloat = Field(2.0, description="Seconds after a 429 that names no Retry-After, plus jitter.")
    longest_wait_s: PositiveFloat = Field(15.0, description="Longest Retry-After to wait for, in seconds.")
    failures: PositiveInt = Field(5, description="Consecutive failures after which the provider is paused.")
    rest_s: PositiveFloat = Field(30.0, description="Seconds of the pause; then one picture tests the provider.")


class RemoteOptions(Spec):
    """What `options:` of every remote backend has."""

    key_variable: str = Field(description="Environment variable that holds the provider's key.")
    limits: LimitsForm = Field(default_factory=LimitsForm, description="The provider's limits.")
    calls: CallsForm = Field(default_factory=CallsForm, description="How the provider is called.")
