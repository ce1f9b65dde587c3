"""Callers by handle: the documented example, on a real Ray and in Serve's local testing mode."""

import os
import re
import subprocess
import sys

import pytest
from ray import serve
from ray.serve.handle import DeploymentHandle

from cutout.pixels.plain import Size
from cutout.results import Cutout, Failure
from serve_app.build import build_app
from tests.cluster.conftest import ROOT, Service
from tests.support.patience import HANG_S

PHOTO = ROOT / "tests" / "photos" / "coffee.jpg"


def test_the_documented_example_runs(service: Service) -> None:
    """docs/examples/by_handle.py, run against the service, prints the model's cutout with its size."""
    named = re.search(r"Callers by handle: (.+)", service.log)
    assert named

    ended = subprocess.run(
        [sys.executable, str(ROOT / "docs/examples/by_handle.py"), str(PHOTO)],
        env={**os.environ, **dict(pair.split("=", 1) for pair in named[1].split())},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "local_u2netp Size(width=1200, height=800)" in ended.stdout


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> DeploymentHandle:
    """The application graph in this process, of two models without weights."""
    folder = tmp_path_factory.mktemp("local")
    (folder / "models").mkdir()
    for name, options in (("good", "{}"), ("bad", "{error: out of ink}")):
        model = f"name: {name}\nbackend: luminance\nlicence: {{name: MIT, commercial: true}}\noptions: {options}\n"
        (folder / "models" / f"{name}.yaml").write_text(model)
    (folder / "service.yaml").write_text("")
    return serve.run(build_app({"config_dir": str(folder)}), _local_testing_mode=True)


def test_the_graph_in_local_testing_mode(local: DeploymentHandle) -> None:
    """Every operation takes and gives typed values, without a cluster."""
    result = local.process.remote(PHOTO.read_bytes(), factor=2, output_format="webp").result()
    removed = local.remove_background.remote(PHOTO.read_bytes(), ["good"]).result()
    upscaled = local.upscale.remote(PHOTO.read_bytes(), factor=2).result()

    outcomes = {r.model_id: r.outcome for r in result.results}
    assert isinstance(outcomes["good"], Cutout)
    assert isinstance(outcomes["bad"], Failure)
    assert outcomes["good"].size == Size(1200, 800)
    assert outcomes["bad"].message == "out of ink"
    assert removed.status == "completed"
    assert upscaled.output_size == Size(1200, 800)
    assert local.models.remote().result()["models"][0]["id"] == "bad"


def test_errors_by_handle_are_ours(local: DeploymentHandle) -> None:
    """A caller by handle gets the error that HTTP would answer with."""
    with pytest.raises(Exception, match="Invalid image format"):
        local.process.remote(b"text").result()
    with pytest.raises(Exception, match="Unknown model 'nobody'"):
        local.process.remote(PHOTO.read_bytes(), ["nobody"]).result()


@pytest.mark.parametrize(
    ("operation", "given", "field"),
    [
        ("process", {"factor": 3}, "upscale_factor"),
        ("process", {"factor": "many"}, "upscale_factor"),
        ("process", {"output_format": "jpg"}, "output_format"),
        ("process", {"models": ()}, "bg_models"),
        ("upscale", {"factor": 3}, "scale_factor"),
        ("upscale", {"output_format": "jpg"}, "output_format"),
        ("upscale", {"output_format": "jpeg"}, "output_format"),
        ("remove_background", {"output_format": "gif"}, "output_format"),
        ("remove_background", {"models": "good"}, "include_models"),
        ("remove_background", {"models": (1,)}, "include_models"),
        ("remove_background", {"image": None}, "image"),
        ("remove_background", {"image": 5}, "image"),
    ],
)
def test_arguments_by_handle_are_checked_as_over_http(
    local: DeploymentHandle, operation: str, given: dict[str, object], field: str
) -> None:
    """What HTTP refuses by a field's name is refused by handle in the same words."""
    arguments = {"image": PHOTO.read_bytes(), **given}

    with pytest.raises(Exception) as refused:  # noqa: PT011 - Ray gives an error of its own that is ours, too
        getattr(local, operation).remote(**arguments).result()

    assert field in str(refused.value)
