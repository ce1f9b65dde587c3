"""A model's status: what runs it, and whether it can work."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What actually ran a model."""

    name: str
    """`onnxruntime`, `openvino`, or the remote provider's name."""
    device: str
    """What it runs on, such as `CPU f32` or `CUDAExecutionProvider`; for a remote model, its address."""
    weights: str | None = None
    """Checksum of the weights, `sha256:…` or `md5:…`; for a remote model, the provider's model id."""
    warning: str | None = None
    """A remark for the operator, such as that a GPU was requested and not found."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Whether a model can work now, according to its replica."""

    state: Literal["ready", "unavailable"]
    reason: str | None = None
    engine: EngineReport | None = None
    health: str | None = None
    """A remote provider's status in the contract's /health: `connected`, `available`, `degraded` …"""
    tried: bool = True
    """False until its replica has tried to open it, successfully or not; a local model that was opened has run once."""
    at_rest: bool = False
    """It is ready as far as can be known without a replica; it has none, and its next picture starts one."""
