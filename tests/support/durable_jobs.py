"""Durable jobs without Ray: a worker in this process, its models, and the service over it."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import uvicorn
from PIL import Image
from starlette.types import ASGIApp

from cutout.accounts.keys import KeyRing
from cutout.accounts.spec import AccessSpec
from cutout.limits import LimitsSpec
from cutout.models.registry import Registry
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.plain import EnlargingMethod, OutputFormat
from cutout.removal import Removal
from cutout.results import C, Failure, Form, UpscaledFile
from cutout.service import FetchSpec, JobsSpec, WebhookSpec
from cutout.telemetry.metrics import RecordedMetrics
from deployments.backends.base import Resources
from deployments.combiner import Combiner
from deployments.ledger import DatabaseLedger
from deployments.upscaler import Upscaler
from serve_app.app import create_app
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.jobs.execution import live_workers
from serve_app.jobs.worker import JobsWorker
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer, load_secret
from tests.support.databases import with_jobs_tables
from tests.support.in_process import BUSY, InProcess, Memory, model, registry
from tests.support.patience import HANG_S

DEAD_S = 1.0
"""How soon a worker counts as dead here. No connection breaks, so that a living one never does, however slow it is."""
WEBHOOK = WebhookSpec(allowed_hosts=("127.0.0.1",), gaps_s=(0.1, 0.2, 0.4), total_s=5)


class Counted(InProcess):
    """A model that notes for which picture it was asked in `calls`, and in `runs` for which one it has finished.

    `held` holds it up until it is set.
    """

    runs: Path
    held: asyncio.Event | None = None
    pause_s: float = 0.0
    cancelled = 0

    async def remove(self, picture: Any, removal: Removal, form: Form[C]) -> C | Failure:
        name = f"{self._spec.id}:{picture.rgb[picture.size.height // 2, picture.size.width // 2, 0]}\n"
        with self.runs.with_name("calls").open("a") as file:
            file.write(f"{os.getpid()} {name}")
        try:
            await asyncio.sleep(self.pause_s)
            if self.held:
                await self.held.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        result = await super().remove(picture, removal, form)
        with self.runs.open("a") as file:
            file.write(name)
        return result


class Enlarging(Upscaler):
    """An upscaler that counts pictures; `held` holds them up until it is set."""

    held: asyncio.Event | None = None
    pause_s: float = 0.0
    upscales = 0

    async def upscale_picture(
        self,
        picture: Any,
        factor: int,
        output_format: OutputFormat,
        preserve_alpha: bool,
        method: EnlargingMethod,
    ) -> UpscaledFile:
        self.upscales += 1
        await asyncio.sleep(self.pause_s)
        if self.held:
            await self.held.wait()
        return await super().upscale_picture(picture, factor, output_format, preserve_alpha, method)


@dataclass
class Works:
    """A worker, and what it is made of."""

    jobs: JobsWorker
    shotgun: Shotgun
    durable: Durable
    store: PictureStore
    models: dict[str, Counted]
    upscaler: Enlarging
    ledger: Memory
    folder: Path
    kept: RecordedMetrics

    @property
    def runs(self) -> list[str]:
        """Models that finished, in that order, each with the shade of its picture."""
        file = self.folder / "runs"
        return file.read_text().split() if file.exists() else []

    def app(self, keys: KeyRing | None = None, ledger: Any = None, **given: Any) -> ASGIApp:
        """The service over this worker; `ledger` in the place of the worker's own."""
        return create_app(self.shotgun, ledger or self.ledger, keys, self.durable, **given)


def picture(shade: int = 200, side: int = 24) -> bytes:
    """A PNG of one colour with a dark frame, of 300 dots an inch."""
    image = Image.new("RGB", (side, side))
    image.paste((shade, shade, 40), (4, 4, side - 4, side - 4))
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(300, 300))
    return out.getvalue()


def counted(reg: Registry, folder: Path, pause_s: float = 0.0) -> dict[str, Counted]:
    """The models of a registry."""
    models = {spec.id: Counted(spec, Resources(), EncodeSpec(), 60) for spec in reg.models.values()}
    for one in models.values():
        one.runs, one.pause_s = folder / "runs", pause_s
    return models


def built(
    folder: Path,
    database_url: str,
    place: str | None = None,
    pause_s: float = 0.0,
    access: Any = None,
    *,
    body_bytes: int = LimitsSpec().body_bytes,
    **jobs: Any,
) -> Works:
    """A worker that has not begun, on its own folder and database; `jobs` may bring its ledger."""
    specs = (model("first"), model("second", price_usd=0.25), model("broken", options={"error": "out of ink"}))
    ledger: Any = jobs.pop("ledger", None) or Memory()
    reg = registry(*specs, access=AccessSpec.model_validate(access or BUSY), body_bytes=body_bytes)
    own = {"jobs": JobsSpec(**{"webhook": WEBHOOK, **jobs}), "fetch": FetchSpec(allowed_hosts=("127.0.0.1",))}
    service = reg.service.model_copy(update=own)
    reg = reg.model_copy(update={"service": service})
    models, kept = counted(reg, folder, pause_s), RecordedMetrics()
    upscaler = Enlarging(EncodeSpec())
    upscaler.pause_s = pause_s
    shotgun = Shotgun(reg, models, upscaler, Combiner(EncodeSpec()), ledger, instruments=kept, records=False)
    store = PictureStore.at(place or str(folder / "pictures"))
    signer = Signer(load_secret(folder), service.jobs.url_expires_s)
    worker = JobsWorker(shotgun, ledger, store, signer, database_url=database_url)
    durable = Durable(worker, store, signer)
    return Works(worker, shotgun, durable, store, models, upscaler, ledger, folder, kept)


@asynccontextmanager
async def working(folder: Path, database_url: str, **given: Any) -> AsyncIterator[Works]:
    """A worker at work."""
    works = built(folder, database_url, **given)
    with_jobs_tables(database_url)
    with mock.patch.object(live_workers, "DEAD_S", DEAD_S):
        await works.jobs.start()
        try:
            yield works
        finally:
            await works.jobs.close()


def client(works: Works, keys: KeyRing | None = None, key: str = "", **given: Any) -> httpx.AsyncClient:
    """A caller of the service over a worker; with `keys` the service wants API keys, and the caller sends `key`."""
    headers = {"X-API-Key": key} if key else {}
    transport = httpx.ASGITransport(works.app(keys, **given))
    return httpx.AsyncClient(transport=transport, base_url="http://service.test", timeout=HANG_S, headers=headers)


def serve_until_killed(folder: Path, database_url: str, place: str, port: int, pause_s: float) -> None:
    """The whole of a process: a worker with a real ledger, and the service over it on a port."""
    asyncio.run(_serve(folder, database_url, place, port, pause_s))


async def _serve(folder: Path, database_url: str, place: str, port: int, pause_s: float) -> None:
    webhook = WEBHOOK.model_copy(update={"gaps_s": (0.2,) * 20})  # more than a test's receiver fails in all
    ledger = DatabaseLedger(database_url, lease_s=HANG_S)
    await ledger.start()
    async with working(folder, database_url, place=place, pause_s=pause_s, ledger=ledger, webhook=webhook) as works:
        config = uvicorn.Config(works.app(), port=port, log_level="warning", lifespan="off")
        await uvicorn.Server(config).serve()
