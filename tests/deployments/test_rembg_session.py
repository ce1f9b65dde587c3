"""Any rembg model by its name, with no code."""

import re
from pathlib import Path

import pytest
import yaml

from cutout.errors import ModelUnavailable
from cutout.models.spec import ModelSpec
from deployments.backends import load_backend
from deployments.backends.base import LocalBackend, Resources
from tests.support.networks import MODELS, alpha_of, beyond_rounding, photo, shipped

ROOT = Path(__file__).parent.parent.parent
U2NETP = MODELS["local_u2netp"]


def spec(**weights: object) -> ModelSpec:
    options = {"weights": {**U2NETP.options["weights"], **weights}}
    return U2NETP.model_copy(update={"backend": "rembg_session", "options": options})


def test_runs_rembgs_own_class() -> None:
    """The same weights give the alpha of the fast path, truncated where that is rounded, within a mean of 0.002."""
    file = ROOT / "tests" / "photos" / "coffee.jpg"
    through_rembg = load_backend(spec(), Resources(cpus=2))
    assert isinstance(through_rembg, LocalBackend)
    through_rembg.load()

    assert beyond_rounding(alpha_of(shipped("local_u2netp"), file), through_rembg.matte(photo(file)).alpha) <= 0.002


def test_an_unknown_name_is_said() -> None:
    """A name that rembg does not know makes the model unavailable, with that name."""
    with pytest.raises(ModelUnavailable, match="rembg has no model named nonesuch"):
        load_backend(spec(name="nonesuch"), Resources()).open()


def test_the_documented_model_is_right() -> None:
    """docs/adding-a-model.md's silueta is eight lines that load as they stand."""
    page = (ROOT / "docs/adding-a-model.md").read_text()
    block = re.search(r"```yaml\n# configs/models/local_silueta.yaml\n(.*?)```", page, re.DOTALL)
    assert block
    lines = block[1].strip().splitlines()

    backend = load_backend(ModelSpec.model_validate({"id": "local_silueta", **yaml.safe_load(block[1])}), Resources())

    assert len(lines) <= 10
    assert backend.options.weights.name == "silueta"
