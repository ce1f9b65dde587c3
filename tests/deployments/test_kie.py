"""The Kie.ai backend, by the calls that it makes and the cutouts that it brings back."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutout.models.status import EngineReport
from cutout.pixels.types import Matte
from deployments.backends.kie import KieOptions
from deployments.backends.remote.provider import USER_AGENT
from tests.providers.cutting import cutout, encoded
from tests.providers.kie import FakeKie
from tests.support.patience import HANG_S
from tests.support.remote_backends import KEYS, opened, picture, scene, served_kie

pytestmark = pytest.mark.anyio
Served = tuple[FakeKie, dict[str, Any]]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is set."""
    monkeypatch.setenv("KIE_API_KEY", KEYS["KIE_API_KEY"])


@pytest.fixture
def served() -> Iterator[Served]:
    """A fake Kie.ai, and the options that lead to it."""
    with served_kie() as both:
        yield both


async def test_a_picture_comes_back_as_its_matte(served: Served) -> None:
    """Upload, task, look, download: alpha is the provider's, pixel for pixel, and the cost is its credits'."""
    fake, address = served
    async with opened("kie", **address) as backend:
        matte = await backend.remove(picture())

    expected = np.asarray(cutout(encoded(Image.fromarray(scene()))).getchannel("A"))
    assert np.array_equal(matte.alpha, expected)
    assert (matte.cost_usd, matte.note) == (0.005, None)
    assert list(dict.fromkeys(call.stage for call in fake.script.calls)) == ["upload", "create", "look", "result"]
    assert fake.script.seen("create")[0].facts["model"] == "recraft/remove-background"


async def test_the_key_goes_to_kie_and_not_to_where_results_lie(served: Served) -> None:
    """Every call names our client; the download is the one without a key."""
    fake, address = served
    async with opened("kie", **address) as backend:
        await backend.remove(picture())

    keys = {call.stage: call.has_key for call in fake.script.calls}
    assert keys == {"upload": True, "create": True, "look": True, "result": False}
    assert {call.user_agent for call in fake.script.calls} == {USER_AGENT}


async def test_every_upload_has_a_name_of_its_own(served: Served) -> None:
    """Eight at once overwrite nobody's picture: each comes back with its own size."""
    fake, address = served
    sizes = [(300 + 10 * n, 280) for n in range(8)]
    async with opened("kie", **address) as backend:
        mattes = await asyncio.gather(*(backend.remove(picture(*size)) for size in sizes))

    assert [matte.alpha.shape[::-1] for matte in mattes] == sizes
    assert len({call.facts["path"] for call in fake.script.seen("upload")}) == 8


async def test_looks_come_at_growing_gaps() -> None:
    """A task that takes a while is looked at less and less often, never more often than at the first gap."""
    with served_kie() as (fake, address):
        fake.script.always("create", "unknown_3")
        async with opened("kie", **address | {"poll_s": 0.05, "poll_growth": 2, "poll_max_s": 0.2}) as backend:
            await backend.remove(picture())
        looks = [call.at_s for call in fake.script.seen("look")]

    gaps = [after - before for before, after in pairwise(looks)]
    assert gaps[0] >= 0.1
    assert all(gap >= 0.2 for gap in gaps[1:])


async def test_pictures_are_fitted_to_what_the_model_takes(served: Served) -> None:
    """A picture larger than the limits and one smaller than the least side are both cut, at their own size."""
    fake, address = served
    async with opened("kie", timeout_s=60, **address) as backend:
        large = await backend.remove(picture(5000, 400))
        small = await backend.remove(picture(64, 48))

    assert (large.alpha.shape, small.alpha.shape) == ((400, 5000), (48, 64))
    assert [call.facts["size"] for call in fake.script.seen("upload")] == [(4096, 327), (341, 256)]


async def test_more_tasks_than_the_account_may_create_wait_their_turn(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The 21st task of the provider's window is refused, and the refusal reaches the caller as busy."""
    monkeypatch.setattr("tests.providers.kie.WINDOW_S", HANG_S)
    fake, address = served
    async with opened("kie", **address) as backend:
        outcomes = await asyncio.gather(*(backend.remove(picture()) for _ in range(21)), return_exceptions=True)

    assert [type(outcome).__name__ for outcome in outcomes if isinstance(outcome, Exception)] == ["ModelBusy"]
    assert [outcome.cost_usd for outcome in outcomes if isinstance(outcome, Matte)] == [0.005] * 20
    assert len(fake.script.seen("create")) == 23


async def test_the_environment_may_lead_to_a_stand_in(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """KIE_BASE_URL and KIE_UPLOAD_URL take the place of the registry's addresses."""
    fake, address = served
    monkeypatch.setenv("KIE_BASE_URL", address["base_url"])
    monkeypatch.setenv("KIE_UPLOAD_URL", address["upload_url"])
    async with opened("kie", poll_s=0.01) as backend:
        await backend.remove(picture())
        report = backend.report()

    assert len(fake.script.seen("upload")) == len(fake.script.seen("create")) == 1
    assert report == EngineReport("kie", address["base_url"], "recraft/remove-background")


def test_a_busy_kie_is_given_ten_seconds() -> None:
    """Its refusal counts tasks of the last ten seconds: a sooner second try would be wasted, whatever else is set."""
    assert KieOptions.model_validate({"calls": {"tries": 2}}).calls.busy_wait_s == 10
