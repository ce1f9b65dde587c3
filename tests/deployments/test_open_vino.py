"""What OpenVINO does to the process that it works in."""

import locale
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deployments.engines.base import Plan
from deployments.engines.open_vino import OpenVino
from tests.deployments.networks import brightness_network


def test_models_opened_at_once_leave_the_locale(tmp_path: Path) -> None:
    """As many as a command opens for one photograph: what Python reads without an encoding stays what it was."""
    before = locale.setlocale(locale.LC_CTYPE)
    model = brightness_network(tmp_path / "brightness.onnx", 64)
    plans = [Plan(model, threads=1, cache=tmp_path / str(number)) for number in range(64)]

    with ThreadPoolExecutor(8) as opening:
        list(opening.map(OpenVino, plans))

    assert locale.setlocale(locale.LC_CTYPE) == before != "C"
