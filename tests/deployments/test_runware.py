"""The Runware backend, by the tasks that it sends and the cutouts that it brings back."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutout.errors import ConfigurationError, ProviderError
from cutout.models.status import EngineReport
from deployments.backends import load_backend
from deployments.backends.base import Resources
from tests.providers.cutting import cutout, encoded
from tests.providers.runware import FakeRunware
from tests.support.remote_backends import KEYS, opened, picture, scene, served_runware, spec

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is set."""
    monkeypatch.setenv("RUNWARE_API_KEY", KEYS["RUNWARE_API_KEY"])


@pytest.fixture
def served() -> Iterator[tuple[FakeRunware, dict[str, Any]]]:
    """A fake Runware, and the options that lead to it."""
    with served_runware() as both:
        yield both


async def test_a_picture_comes_back_as_its_matte(served: tuple[FakeRunware, dict[str, Any]]) -> None:
    """Alpha and colours are the provider's, pixel for pixel, and the cost is the one in its reply."""
    fake, address = served
    expected = np.asarray(cutout(encoded(Image.fromarray(scene()))))
    async with opened("runware", **address) as backend:
        matte = await backend.remove(picture())

    assert np.array_equal(matte.alpha, expected[..., 3])
    assert matte.rgb is not None
    assert np.array_equal(matte.rgb, expected[..., :3])
    assert (matte.cost_usd, matte.note) == (0.0006, None)
    told = fake.script.calls[0].facts
    assert (told["field"], told["cost"], told["format"], told["size"]) == ("inputs.image", True, "PNG", (320, 280))
    assert told["model"] == "runware:112@10"


async def test_every_picture_is_a_task_of_its_own(served: tuple[FakeRunware, dict[str, Any]]) -> None:
    """Eight at once come back each with its own size, under eight task ids."""
    fake, address = served
    sizes = [(300 + 10 * n, 280) for n in range(8)]
    async with opened("runware", **address) as backend:
        mattes = await asyncio.gather(*(backend.remove(picture(*size)) for size in sizes))

    assert [matte.alpha.shape[::-1] for matte in mattes] == sizes
    assert {matte.cost_usd for matte in mattes} == {0.0006}
    assert len({call.facts["task"] for call in fake.script.calls}) == 8


async def test_a_task_that_is_sent_again_keeps_its_id(served: tuple[FakeRunware, dict[str, Any]]) -> None:
    """Had the first one been taken after all, the provider could see that the second is the same."""
    fake, address = served
    fake.script.once("task", "unavailable", "busy")
    async with opened("runware", **address) as backend:
        await backend.remove(picture())

    assert len(fake.script.calls) == 3
    assert len({call.facts["task"] for call in fake.script.calls}) == 1


async def test_a_picture_beyond_the_limits_is_shrunk(served: tuple[FakeRunware, dict[str, Any]]) -> None:
    """The provider sees no more than it takes; the matte has the picture's size, and says so."""
    fake, address = served
    async with opened("runware", limits={"max_side_px": 512, "formats": ["jpeg"]}, **address) as backend:
        matte = await backend.remove(picture(1024, 768))

    assert (fake.script.calls[0].facts["size"], fake.script.calls[0].facts["format"]) == ((512, 384), "JPEG")
    assert matte.alpha.shape == (768, 1024)
    assert "512x384" in str(matte.note)


async def test_the_environment_may_lead_to_a_stand_in(
    served: tuple[FakeRunware, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RUNWARE_BASE_URL takes the place of the registry's address, and the report says where pictures go."""
    fake, address = served
    monkeypatch.setenv("RUNWARE_BASE_URL", address["base_url"] + "/")
    async with opened("runware", model="runware:110@1") as backend:
        await backend.remove(picture())
        report = backend.report()

    assert len(fake.script.calls) == 1
    assert report == EngineReport("runware", address["base_url"], "runware:110@1")


async def test_a_wrong_key_is_named_as_such(
    served: tuple[FakeRunware, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's 401 comes through, costs nothing, and shows in its health."""
    _, address = served
    monkeypatch.setenv("RUNWARE_API_KEY", "wrong")
    async with opened("runware", **address) as backend:
        with pytest.raises(ProviderError, match=r"answered 401: API key not valid. \(invalidApiKey\)") as caught:
            await backend.remove(picture())

        assert (caught.value.details["cost_usd"], backend.health) == (0, "degraded")


def test_a_wrong_option_is_named() -> None:
    """A misspelt option stops the start with the file, the field and what was expected."""
    with pytest.raises(ConfigurationError, match=r"configs/models/a_runware.yaml: options.modle: Extra inputs"):
        load_backend(spec("runware", model="runware:112@10", modle="x"), Resources())
