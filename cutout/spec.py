"""The base of all configuration models. Each is beside the code that uses it: limits.py, service.py, */spec.py."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MEBIBYTE = 1024 * 1024
AllowedHost = Annotated[str, Field(pattern=r"^([a-z0-9_.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?$")]


class Spec(BaseModel):
    """A configuration model: an unknown field is an error, and so is an infinite number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def explain(where: str, wrong: ValidationError, *prefix: str) -> str:
    """A sentence for each error: file, field, what was expected, what was found."""
    faults = []
    for fault in wrong.errors():
        field = "".join(f"{part}: " for part in [".".join(str(part) for part in (*prefix, *fault["loc"]))] if part)
        quiet = fault["type"] == "missing" or not fault["loc"]
        found = "" if quiet else f", not {fault['input']!r:.80}"
        faults.append(f"{where}: {field}{fault['msg'].removeprefix('Value error, ')}{found}")
    return "; ".join(faults) + " (docs/configuration.md lists every field)"
