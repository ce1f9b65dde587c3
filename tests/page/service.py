"""The service that the page talks to: real HTTP, removers in this process, real ledger and durable jobs on SQLite."""

import asyncio
import os
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn

from cutout.accounts.keys import KeyRing
from cutout.accounts.spec import AccessSpec
from cutout.models.spec import ModelSpec
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.presets import PresetSpec
from cutout.removal import Removal
from cutout.results import C, Failure, Form
from cutout.service import FetchSpec
from deployments.backends.base import Resources
from deployments.combiner import Combiner
from deployments.ledger import DatabaseLedger
from deployments.records.tables import METADATA
from deployments.upscaler import Upscaler
from serve_app.app import create_app
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.jobs.worker import JobsWorker
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer
from tests.support.http_server import listener
from tests.support.in_process import BUSY, InProcess, registry
from tests.support.patience import HANG_S

SQUARE = {"square": PresetSpec(name="Shop square", width=300, height=300, dpi=300)}


class Held(InProcess):
    """A remover whose results a test may hold back."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.may_end = threading.Event()
        self.may_end.set()

    async def remove(self, picture: Any, removal: Removal, form: Form[C]) -> C | Failure:
        """The cutout, once it may be given."""
        made = await super().remove(picture, removal, form)
        while not self.may_end.is_set():
            await asyncio.sleep(0.01)
        return made


class Service:
    """An application on a port of its own, in a thread: `with Service(folder, models) as service: … service.url`."""

    def __init__(
        self,
        folder: Path,
        *models: ModelSpec,
        keys: KeyRing | None = None,
        access: AccessSpec = BUSY,
        presets: Mapping[str, PresetSpec] = SQUARE,
    ) -> None:
        """`folder` takes the database and compiled models."""
        self._socket = listener()
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.host}/"
        reg = registry(*models, access=access)
        reg.presets.update(presets)
        fetching = FetchSpec(allowed_hosts=(self.host,))  # its own pictures may be fetched by address
        reg = reg.model_copy(update={"service": reg.service.model_copy(update={"fetch": fetching})})
        resources = Resources(float(os.cpu_count() or 1), cache=folder)
        self.ledger = DatabaseLedger(f"sqlite:///{folder / 'ledger.sqlite'}", lease_s=60)
        self._removers = {spec.id: Held(spec, resources, EncodeSpec(), 60) for spec in models}
        parts = (reg, self._removers, Upscaler(EncodeSpec()), Combiner(EncodeSpec()), self.ledger)
        self._shotgun = Shotgun(*parts)
        store, signer = PictureStore.at(str(folder / "pictures")), Signer(b"secret" * 6, 3600)
        database_url = f"sqlite:///{folder / 'jobs.sqlite'}"
        self._jobs = JobsWorker(Shotgun(*parts, records=False), self.ledger, store, signer, database_url=database_url)
        app = create_app(self._shotgun, self.ledger, keys, Durable(self._jobs, store, signer))
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)
        self._started = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(HANG_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @contextmanager
    def held(self, model_id: str) -> Iterator[None]:
        """The model's results do not come before the end of this context."""
        may_end = self._removers[model_id].may_end
        may_end.clear()
        try:
            yield
        finally:
            may_end.set()

    @contextmanager
    def mended(self, model_id: str) -> Iterator[None]:
        """The model does not fail before the end of this context."""
        backend = self._removers[model_id]._backend
        broken = backend.options
        backend.options = broken.model_copy(update={"error": None})
        try:
            yield
        finally:
            backend.options = broken

    def empty(self) -> None:
        """Forget every job and pick."""
        self.within(self._emptied())

    def within(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something on the service's event loop."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(HANG_S)

    @property
    def is_running(self) -> bool:
        """Whether nobody has ended it."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it, and what it is answering."""
        self._server.should_exit = True
        self._thread.join(HANG_S)

    def wait_for(self, ready: int) -> None:
        """Wait until so many models are ready: on a busy machine a first load takes longer than the start waits."""
        deadline_s = time.monotonic() + HANG_S
        while sum(one["available"] for one in self._get("models")["models"]) < ready:
            assert time.monotonic() < deadline_s, self._get("models")
            time.sleep(0.2)

    def picks(self) -> dict[str, int]:
        """How often each model was picked, of those that were, by GET /selections/stats; `none` too."""
        total = self._get("selections/stats")["total"]
        counts = {one["model_id"]: one["picks"] for one in total["models"]} | {"none": total["none"]}
        return {name: count for name, count in counts.items() if count}

    def export(self) -> list[dict[str, Any]]:
        """Every pick, by GET /selections/export."""
        exported: list[dict[str, Any]] = self._get("selections/export?format=json")
        return exported

    def _get(self, path: str) -> Any:
        response = httpx.get(self.url + path, trust_env=False, timeout=HANG_S)
        return response.raise_for_status().json()

    async def _emptied(self) -> None:
        await self.ledger.learner.close()  # or else it may learn from what is forgotten
        async with self.ledger._database.writing() as connection:
            for table in reversed(METADATA.sorted_tables):
                await connection.execute(table.delete())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.ledger.start()
        await self._jobs.start()
        statuses = self._shotgun.statuses
        watching = asyncio.create_task(statuses.watch())
        while any(statuses.status(model_id) is None for model_id in statuses.specs):
            await asyncio.sleep(0.01)
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            await asyncio.sleep(0.01)
        self._started.set()
        await serving
        watching.cancel()
        await self._jobs.close()
        for remover in self._removers.values():
            await remover.close()
        await self.ledger.close()
