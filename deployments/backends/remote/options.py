"""What `options:` of every remote backend has: the provider's key, its limits, and how it is called."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from cutout.spec import Spec


class LimitsForm(Spec):
    """`limits:` of a remote backend: what its provider takes. A picture beyond them is fitted, not refused."""

    max_side_px: PositiveInt | None = Field(None, description="Longest side, in pixels.")
    min_side_px: PositiveInt | None = Field(None, le=1024, description="Shortest side, in pixels.")
    max_px: PositiveInt | None = Field(None, description="Most pixels in all.")
    max_bytes: PositiveInt | None = Field(None, ge=65536, description="Largest file, in bytes.")
    formats: tuple[Literal["png", "jpeg", "webp"], ...] = Field(
        ("png", "jpeg", "webp"), min_length=1, description="What it reads; PNG is sent where it fits."
    )


class CallsForm(Spec):
    """`calls:` of a remote backend: how its provider is called. Each replica keeps its own count of failures."""

    connect_s: PositiveFloat = Field(5.0, description="Seconds for a connection.")
    tries: int = Field(3, ge=1, le=10, description="How often a call is made in all, where repeating it is safe.")
    wait_s: PositiveFloat = Field(1.0, description="Seconds before the second try, doubled each time, plus jitter.")
    busy_wait_s: PositiveFloat = Field(2.0, description="Seconds after a 429 that names no Retry-After, plus jitter.")
    longest_wait_s: PositiveFloat = Field(15.0, description="A Retry-After beyond these seconds is not waited for.")
    failures: PositiveInt = Field(5, description="Failed pictures in a row, after which the provider is left alone.")
    rest_s: PositiveFloat = Field(30.0, description="Seconds it is left alone; then one picture tries it again.")


class RemoteOptions(Spec):
    """What `options:` of every remote backend has."""

    key_variable: str = Field(description="Environment variable that holds the provider's key.")
    limits: LimitsForm = Field(default_factory=LimitsForm, description="What the provider takes.")
    calls: CallsForm = Field(default_factory=CallsForm, description="How the provider is called.")
