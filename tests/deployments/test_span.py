"""SPAN's weights, on OpenVINO: the graph that is built for them is theirs."""

import numpy as np
import pytest
from PIL import Image

from cutout.errors import ModelUnavailable
from cutout.models.enlarging import DETAIL
from cutout.models.weights import at_hand
from cutout.pixels.cores import CORES
from cutout.pixels.picture import with_alpha
from cutout.pixels.plain import Size
from cutout.pixels.resizing.detail import detailed
from cutout.pixels.resizing.resize import resize_rgba
from cutout.pixels.types import Rgb, Rgba
from deployments.engines import span as engine
from tests.cutout.pixels.resizing.test_resize import photo


def psnr(made: Rgba, true: Rgb) -> float:
    return float(10 * np.log10(255**2 / np.mean((made[..., :3].astype(np.float64) - true) ** 2)))


@pytest.mark.parametrize("factor", [2, 4])
def test_it_gives_back_more_than_lanczos(factor: int) -> None:
    """Of a photograph that was shrunk: 0.4 dB at least."""
    if at_hand(DETAIL[factor]) is None:
        pytest.skip("its weights are not here; make weights fetches them")
    true = photo("chelsea.jpg")[40:240, 100:340]
    size = Size(true.shape[1], true.shape[0])
    small = Image.fromarray(true).resize((size.width // factor, size.height // factor), Image.Resampling.LANCZOS)
    rgba = with_alpha(np.asarray(small), np.full(np.asarray(small).shape[:2], 255, np.uint8))

    made = detailed(rgba, engine.span(factor, CORES))

    assert made.shape == (*true.shape[:2], 4)
    assert psnr(made, true) > psnr(resize_rgba(rgba, size), true) + 0.4


def test_weights_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the method, and the reason is that of every network without weights."""
    monkeypatch.setitem(DETAIL, 3, DETAIL[2].model_copy(update={"name": "gone", "package": None}))
    with pytest.raises(ModelUnavailable, match="method: detail cannot be used: no weights for gone"):
        engine.span(3, CORES)
