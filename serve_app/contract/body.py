"""The base of all answers."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """An answer. Fields of the contract come first, ours after them."""

    model_config = ConfigDict(protected_namespaces=())
