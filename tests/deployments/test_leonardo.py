"""The Leonardo backend, by the calls that it sends and the cutouts that it brings back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from cutout.errors import ModelUnavailable, ProviderError
from cutout.models.spec import ModelSpec
from cutout.models.status import EngineReport
from deployments.backends import load_backend
from deployments.backends.base import Resources
from tests.providers import leonardo as stand_in
from tests.providers.cutting import cutout, encoded
from tests.providers.leonardo import FakeLeonardo
from tests.support.remote_backends import KEYS, opened, picture, scene, served_leonardo

pytestmark = pytest.mark.anyio
MODELS = Path(__file__).parents[2] / "configs" / "models"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is set."""
    monkeypatch.setenv("LEONARDO_API_KEY", KEYS["LEONARDO_API_KEY"])


@pytest.fixture
def served() -> Iterator[tuple[FakeLeonardo, dict[str, Any]]]:
    """A fake Leonardo.Ai, and the options that lead to it."""
    with served_leonardo() as both:
        yield both


async def test_a_picture_comes_back_as_its_matte(served: tuple[FakeLeonardo, dict[str, Any]]) -> None:
    """Alpha and colours are the provider's, pixel for pixel; the cost is its reply's, and nothing is kept there."""
    fake, address = served
    expected = np.asarray(cutout(encoded(Image.fromarray(scene()))))
    async with opened("leonardo", **address) as backend:
        matte = await backend.remove(picture())
        report = backend.report()

    assert np.array_equal(matte.alpha, expected[..., 3])
    assert matte.rgb is not None
    assert np.array_equal(matte.rgb, expected[..., :3])
    assert (matte.cost_usd, matte.note, fake.kept) == (stand_in.PRICE_USD, None, 0)
    told = fake.script.calls[0].facts
    assert (told["ephemeral"], told["size"], told["format"]) == (True, (320, 280), "PNG")
    assert report == EngineReport("leonardo", address["base_url"] + "/generationssync", "remove-bg")


async def test_what_a_png_cannot_hold_comes_as_webp(
    served: tuple[FakeLeonardo, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the pixels of a PNG there, WebP brings the whole alpha back."""
    _, address = served
    monkeypatch.setattr(stand_in, "PNG_PX", 50_000)
    async with opened("leonardo", **address) as backend:
        shrunk = await backend.remove(picture())
        monkeypatch.setattr("deployments.backends.leonardo.PNG_PX", 50_000)
        whole = await backend.remove(picture())

    assert "saw the picture at" in str(shrunk.note)
    assert whole.note is None
    expected = np.asarray(cutout(encoded(Image.fromarray(scene()))))[..., 3]
    assert np.abs(whole.alpha.astype(int) - expected).max() <= 1


async def test_a_result_is_not_limited_to_what_a_reply_holds(
    served: tuple[FakeLeonardo, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are asked for by address: with base64 in the reply, a larger one would be lost."""
    _, address = served
    monkeypatch.setattr(stand_in, "OUT_BYTES", 1)
    async with opened("leonardo", **address) as backend:
        assert (await backend.remove(picture())).alpha.max() == 255


async def test_a_large_file_is_fitted(served: tuple[FakeLeonardo, dict[str, Any]]) -> None:
    """A picture of more bytes than a call may bring is sent as JPEG."""
    fake, address = served
    noise = np.random.default_rng(1).integers(0, 40, (280, 320, 3), np.uint8)
    async with opened("leonardo", limits={"max_bytes": 100_000}, **address) as backend:
        matte = await backend.remove(type(picture())(scene() // 2 + noise))

    assert fake.script.calls[0].facts["bytes"] <= 100_000
    assert matte.alpha.shape == (280, 320)


async def test_a_wrong_key_is_named_as_such(
    served: tuple[FakeLeonardo, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway's refusal comes through, costs nothing, and shows in the provider's health."""
    _, address = served
    monkeypatch.setenv("LEONARDO_API_KEY", "wrong")
    async with opened("leonardo", **address) as backend:
        with pytest.raises(ProviderError, match=r"answered 401: Authentication hook unauthorized") as caught:
            await backend.remove(picture())

        assert (caught.value.details["cost_usd"], backend.health) == (0, "degraded")


@pytest.mark.parametrize("name", ["leonardo_remove_bg", "remove_bg"])
def test_the_shipped_files_are_off_and_complete(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option is right; the model is off until the operator turns it on, and then its key is missing."""
    spec = ModelSpec.model_validate({"id": name, **yaml.safe_load((MODELS / f"{name}.yaml").read_text())})
    monkeypatch.delenv("LEONARDO_API_KEY")
    monkeypatch.delenv("REMOVE_BG_API_KEY", raising=False)

    assert not spec.enabled
    with pytest.raises(ModelUnavailable, match="API_KEY is not set"):
        load_backend(spec, Resources()).open()


def test_the_retired_file_says_what_to_use() -> None:
    """Its first lines name the day, and the file that takes its place."""
    said = (MODELS / "remove_bg.yaml").read_text().split("name:")[0]

    assert "2026-12-01" in said
    assert "leonardo_remove_bg.yaml" in said
