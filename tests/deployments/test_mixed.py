"""Layers in bf16 among layers in float32."""

from pathlib import Path

import openvino as ov
import pytest

from cutout.errors import ConfigurationError
from deployments.engines.mixed import round_layers
from tests.support.onnx_networks import brightness_network


def convolution(model: ov.Model) -> ov.Node:
    return next(op for op in model.get_ordered_ops() if op.get_type_name() == "Convolution")


@pytest.fixture
def network(tmp_path: Path) -> ov.Model:
    return ov.Core().read_model(str(brightness_network(tmp_path / "network.onnx", size_px=8)))


def test_a_named_convolution_is_rounded(network: ov.Model) -> None:
    """A convolution that was named computes in bf16, and what comes out of the network stays float32."""
    name = convolution(network).get_friendly_name()

    round_layers(network, [name])

    assert convolution(network).get_element_type() == ov.Type.bf16
    assert network.output(0).get_element_type() == ov.Type.f32


def test_no_name_changes_nothing(network: ov.Model) -> None:
    """Layers that were not named stay float32."""
    round_layers(network, [])

    assert convolution(network).get_element_type() == ov.Type.f32


def test_a_name_that_is_not_there(network: ov.Model) -> None:
    """A name that the file does not have is refused with that name."""
    with pytest.raises(ConfigurationError, match="no convolution 'Conv_99'"):
        round_layers(network, ["Conv_99"])
