"""The base of all answers, and words that several have."""

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

Phase: TypeAlias = Literal["queued", "running", "completed", "partial", "failed", "cancelled"]
"""The state of a durable job."""


class Body(BaseModel):
    """An answer. Fields of the contract come first, ours after them."""

    model_config = ConfigDict(protected_namespaces=())
