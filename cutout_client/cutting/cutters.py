"""Runs models in this process or on a service, through one interface."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cutout.models.selection import AUTO, FUSED
from cutout_client.extras import needs_local
from cutout_client.results import CutoutResult, ModelInfo

if TYPE_CHECKING:
    from cutout_client.client import AsyncClient
    from cutout_client.options import JobOptions


class Cutter(Protocol):
    """Cuts photographs out by several models."""

    cards: tuple[ModelInfo, ...]
    """Every model, available or not."""
    at_once: int
    """How many photographs to send at a time."""

    async def open(self, models: Sequence[str]) -> None:
        """Load these models; raises ModelUnavailable when one cannot be loaded."""

    def stream(self, image: bytes, models: Sequence[str]) -> AsyncIterator[CutoutResult]:
        """Each model's cutout or error, as soon as it is finished; raises CutoutError."""


class ServiceModels:
    """The models of a service."""

    at_once = 4

    def __init__(self, client: "AsyncClient", cards: tuple[ModelInfo, ...], options: "JobOptions") -> None:
        self.cards = cards
        self._client = client
        self._options = options

    async def open(self, models: Sequence[str]) -> None:
        """Nothing to do: the service loads its models itself."""

    def stream(self, image: bytes, models: Sequence[str]) -> AsyncIterator[CutoutResult]:
        """See Cutter; of `auto`, the cutout that the service selects, or the error of the whole request."""
        if tuple(models) in ((AUTO,), (FUSED,)):
            return self._one(image, models[0])
        return self._client.stream(image, models, **self._options)

    async def _one(self, image: bytes, choice: str) -> AsyncIterator[CutoutResult]:
        """The result that `auto` or `fused` alone is asked for; those of the other models are left out."""
        job = await self._client.remove_background(image, choice, **self._options)
        yield job[FUSED if choice == FUSED else job.selected_model_id or job.cutouts[0].model_id]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the models run."""

    server: str | None
    """Address of a service; None: in this process."""
    api_key: str | None
    config_dir: Path | None
    data_dir: Path


@asynccontextmanager
async def cutter(place: Place, options: "JobOptions", photos: int) -> AsyncIterator[Cutter]:
    """The cutter for a place and a number of photographs."""
    if place.server is not None:
        from cutout_client.client import AsyncClient

        async with AsyncClient(place.server, place.api_key) as client:
            yield ServiceModels(client, await client.models(), options)
        return
    needs_local()
    from cutout_client.cutting.local import LocalModels
    from cutout_client.cutting.registry import registry_of

    registry = registry_of(place.config_dir)
    models = LocalModels(registry, place.data_dir / "compiled", options, photos)
    try:
        yield models
    finally:
        await models.close()


def facts(result: CutoutResult) -> Mapping[str, object]:
    """The fields of a result's JSON line that have a value."""
    known = {
        "model_name": result.model_name,
        "processing_time_ms": result.processing_time_ms,
        "cost_usd": result.cost_usd,
        "licence": result.licence,
        "commercial_use": result.commercial_use,
        "device": result.engine.device if result.engine else None,
        "semi_transparent": result.semi_transparent,
        "note": result.note,
        "error_type": result.error_type,
    }
    return {name: value for name, value in known.items() if value is not None}
