"""Runs the models of configs/ in this process, by the service's own backends, on all cores. No server, no Ray."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutout.errors import CutoutError, ModelTimeout, ModelUnavailable
from cutout.models.registry import Registry
from cutout.models.selection import FUSED
from cutout.models.spec import ModelSpec
from cutout.models.weights import at_hand
from cutout.pixels.composite import compose
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.ground import kept, shown
from cutout.pixels.mattes.refine import refined
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha, Matte, Rgba
from cutout_client.cutting.finishing import Finishing
from cutout_client.cutting.fusion import fuse
from cutout_client.cutting.selection import allowed
from cutout_client.results import CutoutResult, ModelInfo
from deployments.backends import load_backend
from deployments.backends.base import Backend, LocalBackend, Resources
from deployments.backends.remote.backend import RemoteBackend

if TYPE_CHECKING:
    from cutout_client.options import JobOptions

STREAMS = 4
"""Most networks that run at a time: each takes up to 1 GB."""
AHEAD = 2
"""Photographs in addition to those in the networks: being read and decoded, or being written."""


class LocalModels:
    """Loaded models of a registry.

    With several photographs, several networks run at a time, each on its share of the cores: on two cores, two networks
    of one thread each do 5 to 20 % more than one of two threads, since no core waits during a network's sequential
    parts. With a single photograph the models run one after another, each on all cores.
    """

    def __init__(self, registry: Registry, cache: Path, options: "JobOptions", photos: int) -> None:
        """`options` say whether mattes are refined, and which models `fused` is made of where it is asked alone."""
        cores = len(os.sched_getaffinity(0))
        streams = max(1, min(photos, cores, STREAMS))
        self.cards = tuple(card(spec) for spec in registry.models.values())
        self.at_once = streams + AHEAD
        self._fused_of = tuple(one.id for one in self.cards if one.available and allowed(one, options) and one.local)
        self._registry = registry
        self._decoder = Decoder(registry.service.limits)
        self._decoder.start()  # while the models are opened
        self._finishing = Finishing.of(options, registry)
        self._refine = options.get("refine", False)
        self._resources = Resources(cores // streams, cache=cache)
        self._slots = asyncio.Semaphore(streams)
        self._idle: dict[str, list[Backend[Any]]] = {}

    async def open(self, models: Sequence[str]) -> None:
        """Load the models; missing weights are downloaded.

        Raises:
            ModelUnavailable: one of them cannot be loaded.
        """
        names = self._networks(models)
        opened = await asyncio.gather(*(self._opened(self._registry.models[name]) for name in names))
        self._idle = {name: [backend] for name, backend in zip(names, opened, strict=True)}

    async def stream(self, image: bytes, models: Sequence[str]) -> AsyncIterator[CutoutResult]:
        """Each model's cutout or error, as soon as it is finished, and `fused` after them.

        Raises:
            InvalidFormat, ImageTooLarge: the picture cannot be read.
            ValidationError: it is too small for the print.
        """
        picture, mattes, failures = await self._decoder.decode(image), dict[str, Alpha](), dict[str, str]()
        self._finishing.finish.check_resolution(picture.size)
        names = self._networks(models)
        work = [asyncio.create_task(self._cut(self._registry.models[name], picture, mattes)) for name in names]
        try:
            for done in asyncio.as_completed(work):
                result = await done
                if result.error:
                    failures[result.model_id] = result.error
                if result.model_id in models:
                    yield result
            if FUSED in models:
                yield await asyncio.to_thread(fuse, picture, mattes, failures, self._registry, self._finishing)
        finally:
            for task in work:
                task.cancel()

    async def close(self) -> None:
        """Unload the models."""
        for backend in [backend for idle in self._idle.values() for backend in idle]:
            await backend.close()

    def _networks(self, models: Sequence[str]) -> tuple[str, ...]:
        """The models that run; for `fused` alone all local ones."""
        return tuple(name for name in models if name != FUSED) or self._fused_of

    async def _cut(self, spec: ModelSpec, picture: Picture, mattes: dict[str, Alpha]) -> CutoutResult:
        """A model's result; the alpha of its cutout is put in `mattes`."""
        started = time.perf_counter()
        try:
            async with self._slots if spec.local else nullcontext():
                started = time.perf_counter()  # waiting for other photographs is not part of the model's time
                idle = self._idle[spec.id]
                backend = idle.pop() if idle else await self._opened(spec)
                try:
                    async with asyncio.timeout(spec.timeout_s):
                        matte = kept(picture, await backend.remove(picture))
                finally:
                    idle.append(backend)
            rgba = await asyncio.to_thread(self._composed, spec, picture, matte)
            mattes[spec.id] = rgba[..., 3].copy()
            file = await asyncio.to_thread(self._finishing.file, rgba, picture)
        except TimeoutError:
            return _failed(spec, ModelTimeout(f"not done after {spec.timeout_s:g} s"), started)
        except CutoutError as error:
            return _failed(spec, error, started)
        return CutoutResult(
            model_id=spec.id,
            model_name=spec.name,
            processing_time_ms=_ms_since(started),
            cost_usd=spec.price_usd if matte.cost_usd is None else matte.cost_usd,
            licence=spec.licence.name,
            commercial_use=spec.licence.commercial,
            image=file.encoded,
            semi_transparent=file.semi_transparent,
            engine=backend.report(),
            note=matte.note,
        )

    def _composed(self, spec: ModelSpec, picture: Picture, matte: Matte) -> Rgba:
        if self._refine and matte.rgb is None:
            matte = replace(matte, alpha=refined(shown(picture), matte.alpha))
        return compose(picture, matte, spec.decontaminate)

    async def _opened(self, spec: ModelSpec) -> Backend[Any]:
        backend = load_backend(spec, self._resources)
        # Not `open`, which first runs a local model once: here the first picture would only wait for that.
        await asyncio.to_thread(backend.load if isinstance(backend, LocalBackend) else backend.open)
        return backend


def card(spec: ModelSpec) -> ModelInfo:
    """A model's description, without loading it."""
    reason = _missing(load_backend(spec, Resources()))
    return ModelInfo(
        id=spec.id,
        name=spec.name,
        provider=spec.provider,
        available=reason is None,
        price_usd=spec.price_usd,
        licence=spec.licence.name,
        commercial_use=spec.licence.commercial,
        reason=reason,
    )


def _missing(backend: Backend[Any]) -> str | None:
    """Why a model is not available: its key or its weights are missing. Nothing is downloaded."""
    try:
        if isinstance(backend, RemoteBackend):
            backend.key(backend.options.key_variable)
        weights = getattr(backend.options, "weights", None)
        if weights and at_hand(weights) is None:
            return f"no weights yet: cutout weights pull {backend.spec.id}"
    except ModelUnavailable as missing:
        return missing.message
    return None


def _failed(spec: ModelSpec, error: CutoutError, started: float) -> CutoutResult:
    return CutoutResult(
        model_id=spec.id,
        model_name=spec.name,
        processing_time_ms=_ms_since(started),
        cost_usd=float(error.details.get("cost_usd", 0.0)),
        licence=spec.licence.name,
        commercial_use=spec.licence.commercial,
        error=error.message,
        error_type=error.type,
    )


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
