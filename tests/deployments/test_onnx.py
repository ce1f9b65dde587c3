"""The fast ONNX path against rembg itself, on real weights and real photographs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rembg.sessions import sessions_class
from rembg.sessions.base import BaseSession

from cutout.models.weights import fetch
from cutout.pixels.picture import Picture
from deployments.backends import load_backend
from deployments.backends.base import Resources
from deployments.backends.onnx import OnnxBackend, network_input
from tests.support.networks import MODELS, PHOTOS, alpha_of, beyond_rounding, in_float32, loaded, shipped
from tests.support.onnx_networks import brightness_network


def rembgs_own(model_id: str) -> BaseSession:
    """Rembg's own session on the same file."""
    import onnxruntime as ort

    weights = OnnxBackend.Options.model_validate(MODELS[model_id].options).weights
    kind = next(kind for kind in sessions_class if kind.name() == weights.name)
    path = str(fetch(weights).path)
    ours = type("Ours", (kind,), {"download_models": classmethod(lambda *_, **__: path)})
    session: BaseSession = ours("x", ort.SessionOptions())
    return session


@pytest.mark.parametrize(("model_id", "photos"), [("local_u2netp", PHOTOS), ("local_isnet", PHOTOS[:1])])
def test_alpha_equals_rembgs(model_id: str, photos: list[Path]) -> None:
    """On real photographs alpha is that of rembg, rounded where it truncates, within a mean absolute error of 0.002."""
    backend, reference = shipped(model_id), rembgs_own(model_id)
    for file in photos:
        photo = Image.open(file).convert("RGB")

        ours = alpha_of(backend, file)

        assert ours.shape == (photo.height, photo.width)
        assert beyond_rounding(ours, np.asarray(reference.predict(photo)[0])) <= 0.002, file.name


def test_both_engines_agree() -> None:
    """In f32 the engines give the same alpha within 2/255 at the worst pixel."""
    reference = alpha_of(in_float32("local_u2netp"), PHOTOS[0])

    alpha = alpha_of(loaded("local_u2netp", engine="openvino", precision="f32", bf16_layers=()), PHOTOS[0])

    assert np.abs(alpha.astype(int) - reference).max() <= 2


def test_layers_in_bf16_stay_near_float32() -> None:
    """u2netp as shipped is nowhere further than 8/255 from all of it in float32."""
    for file in PHOTOS:
        reference = alpha_of(in_float32("local_u2netp"), file)

        alpha = alpha_of(shipped("local_u2netp"), file)

        assert np.abs(alpha.astype(int) - reference).max() <= 8, file.name


def test_birefnets_whole_path(tmp_path: Path) -> None:
    """BiRefNet's shipped options run on a small network of its inputs and outputs: bright is subject, dark is not."""
    weights = {"name": "birefnet-general", "file": str(brightness_network(tmp_path / "birefnet.onnx"))}
    half = np.zeros((50, 80, 3), np.uint8)
    half[:, 40:] = 255

    alpha = loaded("local_birefnet", weights=weights).matte(Picture(half)).alpha

    assert alpha.shape == (50, 80)
    assert (alpha[:, :36] == 0).all()
    assert (alpha[:, 44:] == 255).all()


def test_network_input_is_rembgs_to_the_last_bit() -> None:
    """The table look-up gives exactly what rembg's float64 arithmetic gives."""
    rgb = np.random.default_rng(1).integers(0, 250, (32, 32, 3), dtype=np.uint8)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    expected = ((rgb / rgb.max() - mean) / std).transpose(2, 0, 1)[None].astype(np.float32)

    assert np.array_equal(network_input(rgb, mean, std), expected)


def test_threads_follow_the_replicas_cpus() -> None:
    """A replica of one CPU gives its engine one thread, however many the machine has."""
    assert Resources(cpus=1).threads == 1
    assert Resources(cpus=0.1).threads == 1
    assert Resources(cpus=10_000).threads < 10_000


def test_without_a_gpu_openvino_computes() -> None:
    """On every processor, with or without bf16: it takes less memory and time than onnxruntime."""
    assert shipped("local_u2netp").report().name == "openvino"


def test_a_gpu_that_was_given_and_not_found_is_loud() -> None:
    """Without the GPU build of onnxruntime a replica with a GPU says so in its report."""
    spec = MODELS["local_u2netp"]
    backend = load_backend(spec, Resources(cpus=1, gpus=1))
    backend.open()

    report = backend.report()

    assert report.device == "CPUExecutionProvider"
    assert report.warning is not None
    assert "a GPU was given" in report.warning
