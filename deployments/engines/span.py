"""SPAN by OpenVINO: super-resolution of colours (Wan et al., Swift Parameter-free Attention Network, 2024).

The file of weights is that of ncnn, without the graph, which is built here: the convolutions in the order of their use,
each with its weights in 16-bit floats and its biases in 32.
"""

import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

from cutout.models.enlarging import DETAIL, METHOD
from cutout.models.weights import needed_by
from cutout.pixels.types import Planes
from deployments.engines import mixed
from deployments.engines.open_vino import COMPILING, has_bf16

CHANNELS, BLOCKS = 48, 6
HALF = (0x01306B47).to_bytes(4, "little")
"""Ahead of weights that are 16-bit floats."""
EDGE_PX = 8
"""Beyond an edge it sees so much of the picture in the mirror, and zeros only then."""
REACH_PX = 3 * BLOCKS + 3
"""Its convolutions of 3 x 3, one after another."""


class Span:
    """One network; see Network of cutout/pixels/resizing/detail.py."""

    reach_px = REACH_PX

    def __init__(self, weights: Path, factor: int, threads: int) -> None:
        """`factor`: 2 or 4, that of the file."""
        self.factor = factor
        self._one_at_a_time = threading.Lock()
        config: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False, **mixed.CONFIG}
        network = _network(_File(weights.read_bytes()), factor)
        if has_bf16():
            mixed.round_layers(network, _costly(network))
        with COMPILING:
            self._request = ov.Core().compile_model(network, "CPU", config).create_infer_request()

    def __call__(self, planes: Planes) -> Planes:
        """See Network."""
        seen = np.pad(planes, ((0, 0), (EDGE_PX, EDGE_PX), (EDGE_PX, EDGE_PX)), "symmetric")
        beyond = EDGE_PX * self.factor
        with self._one_at_a_time:
            self._request.infer([seen[None]])
            made: Planes = self._request.get_output_tensor(0).data[0, :, beyond:-beyond, beyond:-beyond].copy()
        return made


@cache
def span(factor: int, threads: int) -> Span:
    """The network for a factor of 2 or 4, on so many threads.

    Raises:
        ModelUnavailable: its weights are not on this disk, and cannot be fetched.
    """
    return Span(needed_by(METHOD, DETAIL[factor]), factor, threads)


class _File:
    """Reads a file of weights from its beginning to its end."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def floats(self, count: int) -> np.ndarray[Any, Any]:
        """So many 32-bit floats."""
        found = np.frombuffer(self._content, np.float32, count, self._at)
        self._at += 4 * count
        return found

    def convolution(self, before: Any, inputs: int, outputs: int, side: int = 3) -> Any:
        """The next convolution, of what is before it."""
        if self._content[self._at : self._at + 4] != HALF:
            raise ValueError("weights in 16-bit floats expected")
        count = inputs * outputs * side * side
        weights = np.frombuffer(self._content, np.float16, count, self._at + 4).astype(np.float32)
        self._at += 4 + (2 * count + 3) // 4 * 4
        edge = [side // 2] * 2
        shaped = op.constant(weights.reshape(outputs, inputs, side, side))
        summed = op.convolution(before, shaped, [1, 1], edge, edge, [1, 1])
        return op.add(summed, op.constant(self.floats(outputs).reshape(1, outputs, 1, 1)))


def _network(file: _File, factor: int) -> ov.Model:
    given = op.parameter([1, 3, -1, -1], np.float32)
    mean = op.constant(file.floats(3).reshape(1, 3, 1, 1))
    outputs = [file.convolution(op.multiply(op.subtract(given, mean), op.constant(np.float32(255))), 3, CHANNELS)]
    first = outputs[0]
    for _ in range(BLOCKS):
        inner = op.swish(file.convolution(outputs[-1], CHANNELS, CHANNELS))
        outer = file.convolution(op.swish(file.convolution(inner, CHANNELS, CHANNELS)), CHANNELS, CHANNELS)
        attention = op.subtract(op.sigmoid(outer), op.constant(np.float32(0.5)))
        outputs.append(op.multiply(op.add(outer, outputs[-1]), attention))
    last = file.convolution(outputs[-1], CHANNELS, CHANNELS)
    together = op.concat([first, last, outputs[1], inner], 1)
    narrow = file.convolution(together, 4 * CHANNELS, CHANNELS, 1)
    fine = file.convolution(narrow, CHANNELS, 3 * factor**2)
    return ov.Model([op.depth_to_space(fine, "depth_first", factor)], [given])


def _costly(network: ov.Model) -> list[str]:
    """The convolutions that take most of the time, and in bf16 a third less, to which the result is not sensitive."""
    layers = (layer for layer in network.get_ordered_ops() if layer.get_type_name() == "Convolution")
    return [one.get_friendly_name() for one in layers if list(one.get_input_shape(1)) == [CHANNELS, CHANNELS, 3, 3]]
