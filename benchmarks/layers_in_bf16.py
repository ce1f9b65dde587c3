"""Which convolutions of a model may run in bf16: `python -m benchmarks.layers_in_bf16 MODEL`.

Each of the larger ones alone is rounded to bf16, and the network's output over the test photographs is held against
that in float32. Write those with a large share of the work and a small error under the model's `bf16_layers:`.
"""

import sys
from pathlib import Path

import numpy as np
import openvino as ov
from PIL import Image

from benchmarks.findings import table
from cutout.models.registry import load_registry
from cutout.models.weights import fetch
from cutout.pixels.composite import normalised
from deployments.backends.onnx import OnnxOptions, network_input
from deployments.engines.base import Tensor
from deployments.engines.mixed import CONFIG, round_layers

LEAST_SHARE = 0.01
"""Convolutions with less of the work than this are not worth it."""


def main(model_id: str) -> None:
    """Print a table: layer, its share of the work, mean and largest error of alpha, in 0..1."""
    options = OnnxOptions.model_validate(load_registry(Path("configs")).models[model_id].options)
    weights = str(fetch(options.weights).path)
    seen = [_input(photo, options) for photo in sorted(Path("tests/photos").glob("*.jpg"))]
    reference = _alphas(weights, [], seen)
    lines = []
    for name, share in _shares(weights):
        errors = [np.abs(a - b) for a, b in zip(_alphas(weights, [name], seen), reference, strict=True)]
        worst = max(float(error.mean()) for error in errors), max(float(error.max()) for error in errors)
        lines.append([name, f"{share:.1%}", *[f"{value:.5f}" for value in worst]])
    sys.stdout.write(table(["Layer", "Work", "Mean error", "Largest error"], lines) + "\n")


def _input(photo: Path, options: OnnxOptions) -> Tensor:
    square = (options.size_px, options.size_px)
    rgb = np.asarray(Image.open(photo).convert("RGB").resize(square, Image.Resampling.LANCZOS))
    return network_input(rgb, options.mean, options.std)


def _alphas(weights: str, layers: list[str], seen: list[Tensor]) -> list[Tensor]:
    model = ov.Core().read_model(weights)
    round_layers(model, layers)
    request = ov.Core().compile_model(model, "CPU", CONFIG).create_infer_request()
    mattes = (next(iter(request.infer([one]).values()))[0, 0] for one in seen)
    return [(normalised(matte) / 255).astype(np.float32) for matte in mattes]


def _shares(weights: str) -> list[tuple[str, float]]:
    """Name and share of the multiplications, the largest first."""
    work: dict[str, int] = {}
    for layer in ov.Core().read_model(weights).get_ordered_ops():
        if layer.get_type_name() == "Convolution":
            kernel, output = layer.input_value(1).get_shape(), layer.get_output_shape(0)
            name = layer.get_friendly_name().removesuffix("/WithoutBiases")
            work[name] = int(np.prod(kernel) * output[2] * output[3])
    shares = {name: count / sum(work.values()) for name, count in work.items()}
    return sorted(((n, s) for n, s in shares.items() if s >= LEAST_SHARE), key=lambda pair: -pair[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
