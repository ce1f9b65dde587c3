"""Remote backends in front of fake providers, with waits of milliseconds, and pictures to send."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any

import numpy as np

from cutout.limits import LimitsSpec
from cutout.models.spec import ModelSpec
from cutout.pixels.picture import Picture
from cutout.pixels.types import Rgb
from deployments.backends import load_backend
from deployments.backends.base import Resources
from deployments.backends.remote.backend import RemoteBackend
from tests.providers.kie import FakeKie
from tests.providers.leonardo import FakeLeonardo
from tests.providers.picture_api import FakePictureApi
from tests.providers.runware import FakeRunware
from tests.providers.serving import Served
from tests.support.patience import HANG_S

PRICES_USD = {"runware": 0.0007, "kie": 0.006, "leonardo": 0.2, "http_api": 0.02}
"""The registry's prices, unlike what the fakes charge (0.0006, 0.005, 0.1047, 0.01): a test sees which one it got."""
LIMITS = LimitsSpec()
QUICK = {"wait_s": 0.01, "busy_wait_s": 0.01, "longest_wait_s": 1, "tries": 3, "failures": 3, "rest_s": HANG_S}
KEYS = {
    "RUNWARE_API_KEY": "rw-0123456789", "KIE_API_KEY": "kie-0123456789", "LEONARDO_API_KEY": "leo-0123456789",
    "PICTURE_KEY": "px-0123456789",
}  # fmt: skip


@cache
def scene(width: int = 320, height: int = 280) -> Rgb:
    """(height, width, 3), read-only: a red disc with a soft rim before a blue gradient."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(x - width / 2, y - height / 2) / (min(width, height) * 0.3)
    share = np.clip((1.1 - distance) / 0.2, 0, 1)[..., None]
    back = np.stack([20 + 8 * x / width, 40 + 8 * y / height, np.full_like(x, 120)], axis=2)
    pixels: Rgb = (share * np.array([210, 60, 40], np.float32) + (1 - share) * back).astype(np.uint8)
    pixels.flags.writeable = False
    return pixels


def picture(width: int = 320, height: int = 280) -> Picture:
    """The scene, opaque."""
    return Picture(scene(width, height))


def spec(backend: str, timeout_s: float = HANG_S, **options: Any) -> ModelSpec:
    """A registry file."""
    return ModelSpec.model_validate({
        "id": f"a_{backend}", "name": "A Model", "backend": backend, "provider": backend,
        "price_usd": PRICES_USD[backend], "timeout_s": timeout_s,
        "licence": {"name": "provider terms", "commercial": True},
        "options": {"calls": QUICK} | options,
    })  # fmt: skip


@asynccontextmanager
async def opened(
    backend: str, timeout_s: float = HANG_S, *, decoding: LimitsSpec = LIMITS, **options: Any
) -> AsyncIterator[RemoteBackend[Any]]:
    """A backend, open; its keys must be in the environment."""
    loaded = load_backend(spec(backend, timeout_s, **options), Resources(limits=decoding))
    assert isinstance(loaded, RemoteBackend)
    loaded.open()
    try:
        yield loaded
    finally:
        await loaded.close()


@contextmanager
def served_runware(**told: Any) -> Iterator[tuple[FakeRunware, dict[str, Any]]]:
    """A fake Runware, and the options that lead to it."""
    fake = FakeRunware(**told)
    with Served(fake.app) as server:
        yield fake, {"base_url": f"{server.url}/v1", "model": "runware:112@10"}


@contextmanager
def served_kie(**told: Any) -> Iterator[tuple[FakeKie, dict[str, Any]]]:
    """A fake Kie.ai, and the options that lead to it."""
    fake = FakeKie(**told)
    with Served(fake.api) as api, Served(fake.files) as files:
        fake.files_url = files.url
        yield fake, {"base_url": api.url, "upload_url": files.url, "poll_s": 0.01, "poll_max_s": 0.02}


@contextmanager
def served_leonardo(**told: Any) -> Iterator[tuple[FakeLeonardo, dict[str, Any]]]:
    """A fake Leonardo.Ai, and the options that lead to it."""
    fake = FakeLeonardo(**told)
    with Served(fake.app) as server:
        yield fake, {"base_url": f"{server.url}/api/rest/v2"}


@contextmanager
def served_http_api(**told: Any) -> Iterator[tuple[FakePictureApi, dict[str, Any]]]:
    """A fake remove.bg, and the options that lead to it."""
    fake = FakePictureApi(**told)
    with Served(fake.app) as server:
        yield fake, {
            "url": f"{server.url}/v1.0/removebg", "key_variable": "PICTURE_KEY", "image_field": "image_file",
            "fields": {"size": "auto", "format": "png"}, "cost_header": "X-Credits-Charged", "credit_usd": 0.01,
        }  # fmt: skip
