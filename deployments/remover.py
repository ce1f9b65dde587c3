"""The one deployment class for every removal model: an open backend with its own queue."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cutout.errors import CutoutError, ModelUnavailable
from cutout.models.spec import ModelSpec
from cutout.models.status import ModelStatus
from cutout.pixels.composite import compose
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.ground import kept, shown
from cutout.pixels.mattes.measure import described
from cutout.pixels.mattes.refine import refined
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte
from cutout.removal import Removal
from cutout.results import C, Cutout, Failure, Form
from cutout.telemetry.spans import Spans
from deployments.backends import load_backend
from deployments.backends.base import Resources

logger = logging.getLogger(__name__)
FIRST_TRY_S = 30.0
"""How long a new replica waits for its model. A download may take longer, and must not delay the application."""


class Remover:
    """One model, ready or unavailable with a reason; an unavailable one is retried every `retry_s` seconds."""

    def __init__(
        self,
        spec: ModelSpec,
        resources: Resources,
        encoding: EncodeSpec,
        retry_s: float,
        share: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        """`share` puts a value where other replicas can reach it, and returns a reference for calls."""
        self._spec = spec
        self._share = share
        self._encoding = encoding
        self._retry_s = retry_s
        self._backend = load_backend(spec, resources)
        self._status = ModelStatus("unavailable", "it is still being loaded", tried=False)
        self._tried = asyncio.Event()
        self._opening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the model; returns when it is ready, has failed, or takes longer than FIRST_TRY_S."""
        self._opening = asyncio.create_task(self._open_until_ready())
        await asyncio.wait([asyncio.create_task(self._tried.wait())], timeout=FIRST_TRY_S)

    async def remove(self, picture: Picture, removal: Removal, form: Form[C]) -> C | Failure:
        """The cutout of a picture, made as `removal` says and returned in that form."""
        cost_usd = 0.0
        try:
            if self._status.state != "ready":
                message = f"{self._spec.name} is unavailable: {self._status.reason}"
                raise ModelUnavailable(message, {"retry_after_s": self._retry_s})
            started = time.perf_counter()
            picture = removal.input(picture)
            own = removal.matte_without_model(picture)
            matte = own or await self._backend.remove(picture)
            cost_usd = self._cost_usd(matte)
            refines = removal.refine and own is None and matte.rgb is None
            infer_ms = (time.perf_counter() - started) * 1000
            removal = replace(removal, refine=refines)
            return await asyncio.to_thread(self._made, picture, matte, removal, form, infer_ms)
        except CutoutError as error:
            failed = Failure.of(self._spec.id, error)
            return replace(failed, cost_usd=max(cost_usd, failed.cost_usd))

    def status(self) -> ModelStatus:
        """Whether the model can work now."""
        speaks = self._status.state == "ready" or not self._spec.local
        return replace(self._status, health=self._backend.health) if speaks else self._status

    async def close(self) -> None:
        """Stop retrying, and close the model."""
        if self._opening:
            self._opening.cancel()
        await self._backend.close()

    def _made(self, picture: Picture, matte: Matte, removal: Removal, form: Form[C], infer_ms: float) -> C:
        """The cutout of a matte; `removal` asks for nothing that this matte cannot have."""
        spans = Spans(infer=infer_ms)
        with spans.timed("composite"):
            matte = kept(picture, matte)
        if removal.refine:
            with spans.timed("refine"):
                matte = replace(matte, alpha=refined(shown(picture), matte.alpha))
        with spans.timed("composite"):
            rgba = compose(picture, matte, removal.decontaminate)
        descriptor = None
        if removal.compared:
            with spans.timed("measure"):
                descriptor = described(shown(picture), rgba[..., 3], picture.edge_strength)
        shared = self._share(rgba[..., 3].copy()) if removal.with_matte else None
        cost_usd, engine = self._cost_usd(matte), self._backend.report()
        cutout = Cutout(
            self._spec.id, picture.size, cost_usd, engine, dict(spans), matte.note, descriptor=descriptor, matte=shared
        )
        return form.picture(cutout, rgba, picture.dpi, self._encoding)

    def _cost_usd(self, matte: Matte) -> float:
        return self._spec.price_usd if matte.cost_usd is None else matte.cost_usd

    async def _open_until_ready(self) -> None:
        while self._status.state != "ready":
            try:
                await asyncio.to_thread(self._backend.open)
                self._status = ModelStatus("ready", engine=self._backend.report())
            except ModelUnavailable as missing:
                self._unavailable(missing.message)
            except Exception as broken:
                logger.exception("%s could not be loaded", self._spec.id)
                self._unavailable(f"it could not be loaded ({type(broken).__name__})")
            self._tried.set()
            if self._status.state != "ready":
                await asyncio.sleep(self._retry_s)

    def _unavailable(self, reason: str) -> None:
        if reason != self._status.reason:
            logger.warning("%s is unavailable: %s", self._spec.id, reason)
        self._status = ModelStatus("unavailable", reason)
