"""Issue 12, one small request: what a provider answers is a stranger's file, as what a caller sends is."""

import os
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from cutout.errors import ProviderError
from cutout.limits import LimitsSpec
from cutout.pixels.plain import Size
from tests.attacks.test_pictures import flat_png, without_data
from tests.cutout.pixels.decoding.test_decoder import forks
from tests.pictures.files import END, SIGNATURE, chunk
from tests.support.remote_backends import (
    KEYS,
    opened,
    picture,
    served_http_api,
    served_kie,
    served_leonardo,
    served_runware,
)

pytestmark = pytest.mark.anyio
PROVIDERS: dict[str, Any] = {
    "http_api": served_http_api, "runware": served_runware, "kie": served_kie, "leonardo": served_leonardo
}  # fmt: skip
CHARGED_USD = {"runware": 0.0006, "kie": 0.005, "leonardo": 0.1047, "http_api": 0.01}
SENT = Size(320, 280)
HUGE = Size(8000, 7000)
"""Of the shape that was sent."""


def header(size: Size) -> bytes:
    """The head of a PNG with alpha."""
    return SIGNATURE + chunk(b"IHDR", struct.pack(">2I5B", size.width, size.height, 8, 6, 0, 0, 0))


HOSTILE: dict[str, tuple[bytes, str]] = {
    "much larger than what was sent": (flat_png(HUGE, 1, 0, chunk(b"tRNS", bytes(2))), "at most 4000000 pixels"),
    "too large for anybody": (flat_png(Size(32_000, 28_000), 1, 0), "at most 100000000 are accepted"),
    "one row of a million": (flat_png(Size(1_000_000, 1), 1, 0), "at most 40000 a side"),
    "of another shape": (flat_png(Size(320, 2800), 1, 0), "the shape 320x280 was expected, not 320x2800"),
    "scans without end": (without_data(SENT)[:-2] + without_data(SENT)[-14:-2] * 5_000 + b"\xff\xd9", "image/jpeg"),
    "chunks without end": (header(SENT) + chunk(b"tEXt", b"") * 100_001 + END, "bytes of image/png"),
    "pixels that are none": (header(SENT) + chunk(b"IDAT", b"broken") + END, "bytes of image/png"),
    "a page": (b"<!doctype html><title>Sorry</title>", "bytes of text/html"),
}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys are set."""
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)


@pytest.fixture(scope="module")
def providers() -> Iterator[dict[str, Any]]:
    """Each stand-in, and the options that lead to it."""
    with ExitStack() as all_of_them:
        yield {name: all_of_them.enter_context(served()) for name, served in PROVIDERS.items()}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_reply_that_is_no_cutout_costs_little(providers: dict[str, Any], provider: str, name: str) -> None:
    """It is refused from its header or given up, apart from the replica; it is paid, and not asked for again."""
    (fake, options), (reply, says) = providers[provider], HOSTILE[name]
    fake.hostile = reply
    async with opened(provider, **options) as backend:
        begun = time.process_time()
        with pytest.raises(ProviderError, match=says) as failed:
            await backend.remove(picture(SENT.width, SENT.height))
        print(f"{provider}, {name}: {len(reply)} bytes, {time.process_time() - begun:.2f} s of CPU here")

    assert failed.value.details["cost_usd"] == pytest.approx(CHARGED_USD[provider])


@pytest.mark.parametrize(
    ("limits", "sent", "says"),
    [
        (LimitsSpec(input_side_px=300), SENT, "at most 300 a side are accepted"),
        (LimitsSpec(input_px=5_000_000), Size(2400, 2200), "5280000 pixels; at most 5000000 are accepted"),
    ],
)
async def test_the_operators_limits_hold(providers: dict[str, Any], limits: LimitsSpec, sent: Size, says: str) -> None:
    """A result is decoded within `limits` of service.yaml, not within their defaults."""
    fake, options = providers["http_api"]
    fake.hostile = flat_png(sent, 1, 0)
    async with opened("http_api", decoding=limits, **options) as backend:
        with pytest.raises(ProviderError, match=says):
            await backend.remove(picture(sent.width, sent.height))


async def test_a_decoder_that_is_ended_is_an_error_of_its_picture(
    providers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel ends one that takes too much: the picture fails, and the replica goes on."""
    fake, options = providers["http_api"]
    fake.hostile = None
    async with opened("http_api", **options) as backend:
        with monkeypatch.context() as patch:
            patch.setattr("deployments.backends.remote.result._check_size", lambda *_: end_forks())
            with pytest.raises(ProviderError, match="a picture was expected, not"):
                await backend.remove(picture())
        assert (await backend.remove(picture())).alpha.shape == (280, 320)


def end_forks() -> None:
    """What decodes now is ended."""
    for pid in forks():
        os.kill(pid, signal.SIGXCPU)
