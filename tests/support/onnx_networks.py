"""Small ONNX files with the inputs and outputs of the real networks, made by the tests."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def brightness_network(file: Path, size_px: int = 1024) -> Path:
    """(1, 3, S, S) float32 -> (1, 1, S, S) logits, as BiRefNet: high where the normalised picture is bright."""
    weight = numpy_helper.from_array(np.full((1, 3, 1, 1), 1.5, np.float32), "weight")
    node = helper.make_node("Conv", ["input_image", "weight"], ["output_image"])
    graph = helper.make_graph(
        [node],
        "brightness",
        [helper.make_tensor_value_info("input_image", TensorProto.FLOAT, [1, 3, size_px, size_px])],
        [helper.make_tensor_value_info("output_image", TensorProto.FLOAT, [1, 1, size_px, size_px])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(file))
    return file
