"""What OpenVINO does to the process that it works in."""

import locale
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from deployments.engines.base import Plan
from deployments.engines.open_vino import OpenVino
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
    plans = [Plan(model, threads=1, cache=tmp_path / str(number)) for number in range(64)]

    with ThreadPoolExecutor(8) as opening:
        list(opening.map(OpenVino, plans))

    assert locale.setlocale(locale.LC_CTYPE) == "C.UTF-8"


def test_a_compiled_models_file_takes_no_memory(tmp_path: Path) -> None:
    """It stays mapped, without a page of it, and gives the same as the network that was compiled first."""
    plan = Plan(brightness_network(tmp_path / "brightness.onnx", 64), threads=1, cache=tmp_path / "compiled")
    picture = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)

    compiled = OpenVino(plan).run(picture).copy()
    again = OpenVino(plan)
    held = _resident_kb(tmp_path / "compiled")

    assert held
    assert set(held) == {0}
    assert np.array_equal(again.run(picture), compiled)


def _resident_kb(folder: Path) -> list[int]:
    """Of each file in a folder that this process maps, how much is in its memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    starts = [number for number, line in enumerate(lines) if f" {folder}/" in line]
    return [next(int(line.split()[1]) for line in lines[start:] if line.startswith("Rss:")) for start in starts]
