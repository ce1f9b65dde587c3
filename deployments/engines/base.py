"""The Engine interface, and the plan by which an engine is built."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Tensor: TypeAlias = NDArray[np.float32]
Precision: TypeAlias = Literal["f32", "bf16", "auto"]
GpuProvider: TypeAlias = Literal["cuda", "tensorrt"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run a model."""

    model: Path
    """The ONNX file: one input (1, 3, S, S) float32, first output (1, 1, S, S) float32."""
    threads: int
    precision: Precision = "f32"
    bf16_layers: tuple[str, ...] = ()
    """Convolutions to run in bf16, while the rest runs in f32; empty: none."""
    gpu: GpuProvider | None = None
    """How to use the replica's GPU; None: it has none."""
    cache: Path | None = None
    """Folder for compiled models; None: compile at every start."""


class Engine(ABC):
    """A loaded model."""

    name: ClassVar[str]
    device: str
    """What it actually runs on, such as `CPUExecutionProvider` or `CPU bf16`."""

    @abstractmethod
    def run(self, tensor: Tensor) -> Tensor:
        """The first output of the model; blocking, one call at a time."""

    @abstractmethod
    def interrupt(self) -> None:
        """Make the current run end early with an error; called from another thread."""
