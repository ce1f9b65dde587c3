"""What OpenVINO does to the process that it works in."""

import locale
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
