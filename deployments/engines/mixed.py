"""Mixed precision: some convolutions of a network in bf16, everything else in float32.

The error of a network in bf16 can come from a few of its layers, and its time from a few others. In such networks, as
U2-Net-p, the expensive layers take bf16 input and accumulate in float32, and the others stay in float32.
"""

from collections.abc import Sequence

from openvino import Model, Node
from openvino import opset13 as ops

from cutout.errors import ConfigurationError

CONFIG = {"EXECUTION_MODE_HINT": "ACCURACY", "INFERENCE_PRECISION_HINT": "dynamic"}
"""Makes OpenVINO's CPU plugin keep the precision of each layer."""


def round_layers(model: Model, names: Sequence[str]) -> None:
    """Make the named convolutions of `model` take their input and weights in bf16; their output is float32.

    Raises:
        ConfigurationError: the model has no convolution of that name.
    """
    convolutions = {_name(op): op for op in model.get_ordered_ops() if op.get_type_name() == "Convolution"}
    for name in names:
        if name not in convolutions:
            raise ConfigurationError(f"bf16_layers: the weights have no convolution {name!r}")
        _round(convolutions[name])
    model.validate_nodes_and_infer_types()


def _round(layer: Node) -> None:
    shape = layer.get_attributes()
    picture, weights = (ops.convert(layer.input_value(place), "bf16") for place in range(2))
    rounded = ops.convolution(
        picture, weights, shape["strides"], shape["pads_begin"], shape["pads_end"], shape["dilations"]
    )
    output = ops.convert(rounded, "f32").output(0)
    for reader in layer.output(0).get_target_inputs():
        reader.replace_source_output(output)


def _name(layer: Node) -> str:
    """The node's name in the ONNX file; OpenVINO's importer splits a convolution from its bias."""
    name: str = layer.get_friendly_name()
    return name.removesuffix("/WithoutBiases")
