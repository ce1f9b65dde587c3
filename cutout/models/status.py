"""What a model says of itself: what runs it, and whether it can work."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What really ran a model."""

    name: str
    """`onnxruntime`, `openvino`, or the remote provider's name."""
    device: str
    """The execution provider in use, such as `CPUExecutionProvider`; for a remote model, its address."""
    weights: str | None = None
    """Checksum of the weights, `sha256:…` or `md5:…`; for a remote model, the provider's model id."""
    warning: str | None = None
    """Something the operator should know, such as a GPU that was wanted and not found."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Whether a model can work now, as its replica sees it."""

    state: Literal["ready", "unavailable"]
    reason: str | None = None
    engine: EngineReport | None = None
    health: str | None = None
    """A remote provider's word in the contract's /health: `connected`, `available`, `degraded` …"""
    tried: bool = True
    """Whether it has been opened, with whatever came of it; a local model that was has run once."""
