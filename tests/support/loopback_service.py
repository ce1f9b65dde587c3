"""The whole service but Ray, on loopback in a thread of its own: durable jobs, ledger on SQLite, real removers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp, Receive, Scope, Send

from cutout.accounts.keys import KeyRing
from cutout.models.registry import Registry
from cutout.pixels.encoding.spec import EncodeSpec
from deployments.combiner import Combiner
from deployments.ledger import DatabaseLedger
from deployments.upscaler import Upscaler
from serve_app.app import create_app
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.acceptance import Durable
from serve_app.jobs.worker import JobsWorker
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer, load_secret
from tests.support.durable_jobs import counted
from tests.support.http_server import served
from tests.support.in_process import model, registry

REGISTRY = registry(model("first"), model("second", price_usd=0.25), model("broken", options={"error": "out of ink"}))


@dataclass
class Line:
    """The way from the callers to the service, which a test may make a bad one."""

    refusals: list[int]
    """Statuses that the next requests are answered with, instead of by the service."""
    cuts: list[bytes]
    """The next answers are cut off, each where these bytes of it have gone by."""
    requests: int = 0

    def over(self, app: ASGIApp) -> ASGIApp:
        """The app at the end of this line."""

        async def way(scope: Scope, receive: Receive, send: Send) -> None:
            self.requests += 1
            if self.refusals:
                await send(
                    {"type": "http.response.start", "status": self.refusals.pop(0), "headers": [(b"retry-after", b"0")]}
                )
                await send({"type": "http.response.body", "body": b""})
                return
            await app(scope, receive, self._until_cut(send, self.cuts.pop(0)) if self.cuts else send)

        return way

    def _until_cut(self, send: Send, mark: bytes) -> Send:
        async def cutting(message: dict[str, object]) -> None:
            before, found, _ = bytes(message.get("body", b"")).partition(mark)  # type: ignore[call-overload]
            if found:
                await send({**message, "body": before + found, "more_body": True})
                raise ConnectionError("cut")  # uvicorn closes the connection in the midst of the answer
            await send(message)

        return cutting  # type: ignore[return-value]


@dataclass(frozen=True)
class Running:
    """A service at work."""

    url: str
    line: Line
    folder: Path

    @property
    def runs(self) -> list[str]:
        """Models that finished, in that order."""
        file = self.folder / "runs"
        return [line.partition(":")[0] for line in file.read_text().split()] if file.exists() else []


@asynccontextmanager
async def whole(folder: Path, line: Line, reg: Registry, keys: KeyRing | None) -> AsyncIterator[str]:
    """The address of the whole service, with its data in `folder`; there may be one in a process at a time."""
    database_url = f"sqlite:///{folder}/ledger.sqlite"
    ledger = DatabaseLedger(database_url, lease_s=60)
    await ledger.start()
    models, upscaler, combiner = counted(reg, folder), Upscaler(EncodeSpec()), Combiner(EncodeSpec())
    store = PictureStore.at(str(folder / "pictures"))
    signer = Signer(load_secret(folder), 3600)
    jobs = JobsWorker(
        Shotgun(reg, models, upscaler, combiner, ledger, records=False),
        ledger,
        store,
        signer,
        database_url=database_url,
    )
    await jobs.start()
    shotgun = Shotgun(reg, models, upscaler, combiner, ledger)
    watching = asyncio.create_task(shotgun.statuses.watch())
    async with served(line.over(create_app(shotgun, ledger, keys, Durable(jobs, store, signer)))) as url:
        yield url
    watching.cancel()
    await ledger.close()
    await jobs.close()  # takes the loop's threads with it


@contextmanager
def running(folder: Path, reg: Registry = REGISTRY, keys: KeyRing | None = None) -> Iterator[Running]:
    """The service, while the test is in this context; its loop ends what is left of a job in the middle."""
    line = Line([], [])
    service = whole(folder, line, reg, keys)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(service) as url:
        yield Running(url, line, folder)
