"""The extras of this package, and whether one is installed."""

from importlib.util import find_spec
from typing import Literal, TypeAlias

from cutout.errors import CutoutError

Extra: TypeAlias = Literal["local", "service", "catalogue", "mcp"]
MODULES: dict[Extra, str] = {"local": "onnxruntime", "service": "ray", "catalogue": "pyarrow", "mcp": "mcp"}
"""A module that each extra alone brings."""


class ExtraMissing(CutoutError):
    """A command needs an extra that is not installed."""


def needs(extra: Extra, work: str, otherwise: str = "") -> None:
    """Check that an extra is installed; `work` is what needs it, and `otherwise` a sentence on doing without.

    Raises:
        ExtraMissing: it is not.
    """
    if find_spec(MODULES[extra]) is None:
        raise ExtraMissing(f"{work} needs more: pip install 'cutout-shotgun[{extra}]'. {otherwise}".strip())


def needs_local() -> None:
    """Check that models can run in this process; raises as `needs`."""
    needs("local", "Work on this machine", "Or name a service: --server URL.")
