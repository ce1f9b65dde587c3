"""What OpenVINO does to the process that it works in."""

import locale
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from deployments.engines.base import Plan
from deployments.engines.open_vino import OpenVino, first_output
from tests.support.onnx_networks import brightness_network


@pytest.fixture
def utf8() -> Iterator[None]:
    """A locale that is not C, wherever the tests run."""
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    yield
    locale.setlocale(locale.LC_CTYPE, before)


@pytest.mark.usefixtures("utf8")
def test_models_opened_at_once_leave_the_locale(tmp_path: Path) -> None:
    """However many are opened at once, what Python reads without an encoding stays what it was."""
    model = brightness_network(tmp_path / "brightness.onnx", 64)
    plans = [Plan(model, threads=1, cache=tmp_path / str(number)) for number in range(16)]

    with ThreadPoolExecutor(8) as opening:
        list(opening.map(OpenVino, plans))

    assert locale.setlocale(locale.LC_CTYPE) == "C.UTF-8"


def test_a_compiled_models_file_takes_no_memory(tmp_path: Path) -> None:
    """The first time too, it is read back from the file, which stays mapped, without a page of it in memory."""
    plan = Plan(brightness_network(tmp_path / "brightness.onnx", 64), threads=1, cache=tmp_path / "compiled")

    compiled = OpenVino(plan)
    held = _resident_kb(tmp_path / "compiled")
    again = OpenVino(plan)

    assert held
    assert set(held + _resident_kb(tmp_path / "compiled")) == {0}
    picture = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    assert np.array_equal(again.run(picture), compiled.run(picture))


def test_only_the_first_output_is_computed(tmp_path: Path) -> None:
    """What a network gives beside its matte is left out, with all that is computed for it alone."""
    model = ov.Core().read_model(str(brightness_network(tmp_path / "brightness.onnx", 8)))
    matte = model.output(0).get_node().input_value(0)
    beside = ops.relu(matte)
    model.add_outputs([beside.output(0)])

    kept = first_output(model)

    assert [output.get_partial_shape().to_shape() for output in kept.outputs] == [ov.Shape([1, 1, 8, 8])]
    assert "Relu" not in {op.get_type_name() for op in kept.get_ops()}


def _resident_kb(folder: Path) -> list[int]:
    """Of each file in a folder that this process maps, how much is in its memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    starts = [number for number, line in enumerate(lines) if f" {folder}/" in line]
    return [next(int(line.split()[1]) for line in lines[start:] if line.startswith("Rss:")) for start in starts]
