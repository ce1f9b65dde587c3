"""A replica's life: opening, being unavailable, trying again, and giving up work whose caller has gone."""

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest

from cutout.image import Picture
from cutout.outcome import Cutout, Failure
from cutout.spec import EncodeSpec, LicenceSpec, ModelSpec
from deployments.backends.base import Resources
from deployments.remover import Remover
from tests.deployments.networks import brightness_network

pytestmark = pytest.mark.anyio
PICTURE = Picture(np.random.default_rng(3).integers(0, 255, (20, 30, 3), dtype=np.uint8))


def remover(retry_s: float = 60, backend: str = "luminance", **options: object) -> Remover:
    licence = LicenceSpec(name="MIT", commercial=True)
    spec = ModelSpec(id="m", name="M", backend=backend, licence=licence, options=options, price_usd=0.5)  # type: ignore[call-arg]
    return Remover(spec, Resources(), EncodeSpec(), retry_s)


async def test_gives_an_encoded_cutout_or_pixels() -> None:
    """With a format the cutout is encoded, without one it is pixels; each span's time is there."""
    replica = remover()
    await replica.start()

    encoded, pixels = await replica.remove(PICTURE, "png"), await replica.remove(PICTURE, None)

    assert isinstance(encoded, Cutout)
    assert isinstance(pixels, Cutout)
    assert encoded.encoded is not None
    assert encoded.encoded.startswith(b"\x89PNG")
    assert encoded.rgba is None
    assert pixels.rgba is not None
    assert pixels.rgba.shape == (20, 30, 4)
    assert encoded.times_ms.keys() == {"infer", "composite", "encode"}
    assert encoded.cost_usd == 0.5


async def test_a_missing_model_is_a_reason_and_not_a_crash(tmp_path: Path) -> None:
    """Without weights the replica starts, says why it cannot work, and answers with that as its failure."""
    weights = {"name": "x", "file": str(tmp_path / "absent.onnx")}
    replica = remover(backend="rembg_session", weights={**weights, "name": "u2netp"})
    await replica.start()

    outcome = await replica.remove(PICTURE, "png")

    assert replica.status().state == "unavailable"
    assert isinstance(outcome, Failure)
    assert outcome.unavailable
    assert outcome.message.startswith("M is unavailable: ")
    assert str(tmp_path) not in outcome.message
    await replica.close()


async def test_what_was_missing_is_tried_again(tmp_path: Path) -> None:
    """Once the weights are there, the model becomes ready without a restart."""
    file = tmp_path / "late.onnx"
    options = {"size_px": 32, "mean": [0.5] * 3, "std": [1.0] * 3, "weights": {"name": "x", "file": str(file)}}
    replica = remover(retry_s=0.05, backend="onnx", **options)
    await replica.start()
    assert replica.status().state == "unavailable"

    brightness_network(file, 32)

    async with asyncio.timeout(30):
        while replica.status().state != "ready":
            await asyncio.sleep(0.02)
    assert isinstance(await replica.remove(PICTURE, "png"), Cutout)


async def test_a_damaged_file_is_a_reason(tmp_path: Path) -> None:
    """A file that is no network makes the model unavailable, and names the kind of fault."""
    file = tmp_path / "damaged.onnx"
    file.write_bytes(b"no network")
    options = {"size_px": 32, "mean": [0.5] * 3, "std": [1.0] * 3, "weights": {"name": "x", "file": str(file)}}
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
        assert interrupted.wait(10)

    backend.matte, matte = slow, backend.matte  # type: ignore[method-assign,attr-defined]
    backend.interrupt = interrupted.set  # type: ignore[attr-defined]
    call = asyncio.create_task(replica.remove(PICTURE, "png"))
    await asyncio.to_thread(begun.wait)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    backend.matte = matte  # type: ignore[attr-defined]
    assert isinstance(await replica.remove(PICTURE, "png"), Cutout)
