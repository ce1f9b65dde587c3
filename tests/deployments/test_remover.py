"""A replica's life: opening, being unavailable, trying again, and giving up work whose caller has gone."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutout.forms import AsFile, AsPixels
from cutout.models.spec import LicenceSpec, ModelSpec
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.picture import Picture
from cutout.removal import Removal
from cutout.results import CutoutFile, CutoutPixels, Failure
from deployments.backends import load_backend
from deployments.backends.base import LocalBackend, Resources
from deployments.remover import Remover
from tests.support.onnx_networks import brightness_network
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
PICTURE = Picture(np.random.default_rng(3).integers(0, 255, (20, 30, 3), dtype=np.uint8))


def a_model(backend: str = "luminance", **options: object) -> ModelSpec:
    licence = LicenceSpec(name="MIT", commercial=True)
    return ModelSpec(id="m", name="M", backend=backend, licence=licence, options=options, price_usd=0.5)


def remover(retry_s: float = 60, backend: str = "luminance", **options: object) -> Remover:
    return Remover(a_model(backend, **options), Resources(), EncodeSpec(), retry_s)


async def test_gives_an_encoded_cutout_or_pixels() -> None:
    """A cutout comes as a file or as pixels, as asked; each span's time is there."""
    replica = remover()
    await replica.start()

    encoded = await replica.remove(PICTURE, Removal(), AsFile("png"))
    pixels = await replica.remove(PICTURE, Removal(), AsPixels())

    assert isinstance(encoded, CutoutFile)
    assert isinstance(pixels, CutoutPixels)
    assert encoded.encoded.startswith(b"\x89PNG")
    assert pixels.rgba.shape == (20, 30, 4)
    assert encoded.times_ms.keys() == {"infer", "composite", "encode"}
    assert encoded.cost_usd == 0.5


async def test_a_missing_model_is_a_reason_and_not_a_crash(tmp_path: Path) -> None:
    """Without weights the replica starts, says why it cannot work, and answers with that as its failure."""
    weights = {"name": "x", "file": str(tmp_path / "absent.onnx")}
    replica = remover(backend="rembg_session", weights={**weights, "name": "u2netp"})
    await replica.start()

    outcome = await replica.remove(PICTURE, Removal(), AsFile("png"))

    assert replica.status().state == "unavailable"
    assert isinstance(outcome, Failure)
    assert outcome.unavailable
    assert outcome.message.startswith("M is unavailable: ")
    assert str(tmp_path) not in outcome.message
    await replica.close()


async def test_what_was_missing_is_tried_again(tmp_path: Path) -> None:
    """Once the weights are there, the model becomes ready without a restart."""
    file = tmp_path / "late.onnx"
    options: dict[str, Any] = {
        "size_px": 32,
        "mean": [0.5] * 3,
        "std": [1.0] * 3,
        "weights": {"name": "x", "file": str(file)},
    }
    replica = remover(retry_s=0.05, backend="onnx", **options)
    await replica.start()
    assert replica.status().state == "unavailable"

    brightness_network(file, 32)

    async with asyncio.timeout(HANG_S):
        while replica.status().state != "ready":
            await asyncio.sleep(0.02)
    assert isinstance(await replica.remove(PICTURE, Removal(), AsFile("png")), CutoutFile)


async def test_a_damaged_file_is_a_reason(tmp_path: Path) -> None:
    """A file that is no network makes the model unavailable, and names the kind of fault."""
    file = tmp_path / "damaged.onnx"
    file.write_bytes(b"no network")
    options: dict[str, Any] = {
        "size_px": 32,
        "mean": [0.5] * 3,
        "std": [1.0] * 3,
        "weights": {"name": "x", "file": str(file)},
    }
    replica = remover(backend="onnx", **options)

    await replica.start()

    assert replica.status().reason is not None
    assert "could not be loaded" in str(replica.status().reason)
    await replica.close()


async def test_work_whose_caller_has_gone_is_given_up(tmp_path: Path) -> None:
    """A cancelled call interrupts its model, and the next call finds it free."""
    replica = remover(delay_s=0.0)
    await replica.start()
    backend = replica._backend
    begun, interrupted = threading.Event(), threading.Event()

    def slow(picture: Picture) -> None:
        begun.set()
        assert interrupted.wait(HANG_S)

    backend.matte, matte = slow, backend.matte  # type: ignore[attr-defined]
    backend.interrupt = interrupted.set  # type: ignore[attr-defined]
    call = asyncio.create_task(replica.remove(PICTURE, Removal(), AsFile("png")))
    await asyncio.to_thread(begun.wait)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    backend.matte = matte  # type: ignore[attr-defined]
    assert isinstance(await replica.remove(PICTURE, Removal(), AsFile("png")), CutoutFile)


async def given_up(backend: LocalBackend[Any]) -> None:
    """Have the backend's picture given up while it still waits for a thread; return when it has let go."""
    free = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        threads.submit(free.wait)
        call = asyncio.create_task(backend.remove(PICTURE))
        await asyncio.sleep(0)  # until the picture is queued behind the wait
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.sleep(0)
        free.set()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(call), HANG_S)


async def test_what_is_given_up_before_it_begins_is_not_done(tmp_path: Path) -> None:
    """A picture whose caller has gone before its thread was free costs neither a model's time nor a network's run."""
    slow = load_backend(a_model(delay_s=60), Resources())
    assert isinstance(slow, LocalBackend)
    slow.open()
    await given_up(slow)

    weights = {"name": "x", "file": str(brightness_network(tmp_path / "network.onnx", 32))}
    network = load_backend(a_model("onnx", size_px=32, mean=[0.5] * 3, std=[1.0] * 3, weights=weights), Resources())
    assert isinstance(network, LocalBackend)
    network.open()
    runs: list[object] = []
    network._engine.run = runs.append  # type: ignore[attr-defined]
    await given_up(network)

    assert runs == []
