"""Paid cutouts, stored as soon as they are there: after a crash no provider is paid for them again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import TypeAdapter

from cutout.errors import NotFound
from cutout.limits import OWN_FILES
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from cutout.pixels.plain import Dpi
from cutout.results import Cutout, CutoutPixels
from serve_app.storage.pictures import PictureStore

Put = Callable[[str, str, bytes], Awaitable[None]]
"""Stores a file of a job under a name; waits while the store is unavailable."""


@dataclass(frozen=True, slots=True)
class PaidCutout:
    """The result of a durable job's first stage."""

    cutout: CutoutPixels
    wall_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known(Cutout):
    dpi: Dpi | None = None


@dataclass(frozen=True, slots=True)
class _Card:
    """A paid cutout as JSON, beside its pixels."""

    model_id: str
    outcome: _Known
    wall_ms: float


CARD = TypeAdapter(_Card)


class PaidCutouts:
    """The cutouts of first stages: pixels as a PNG, and what is known of them as JSON beside it."""

    def __init__(self, store: PictureStore, put: Put) -> None:
        self._store = store
        self._put = put

    async def find(self, job_id: str, model_id: str) -> PaidCutout | None:
        """A model's cutout; None when it was not kept."""
        try:
            card = CARD.validate_json(await self._store.get(job_id, _card(model_id)))
            file = await self._store.get(job_id, _pixels(model_id))
        except NotFound:
            return None
        picture = await asyncio.to_thread(decode, file, OWN_FILES)
        return PaidCutout(CutoutPixels.of(card.outcome, picture.rgba(), card.outcome.dpi), card.wall_ms)

    async def keep(self, job_id: str, paid: PaidCutout) -> None:
        """Keep a model's cutout; once this has returned it survives a crash of the process."""
        cutout = paid.cutout
        card = _Card(cutout.model_id, _Known(**cutout.known(), dpi=cutout.dpi), paid.wall_ms)
        file = await asyncio.to_thread(encode, cutout.rgba, "png")
        await self._put(job_id, _pixels(cutout.model_id), file)
        await self._put(job_id, _card(cutout.model_id), CARD.dump_json(card))  # last: now it is complete

    async def drop(self, job_id: str, model_id: str) -> None:
        """Delete it, once the job's own result is kept."""
        for name in (_card(model_id), _pixels(model_id)):
            await self._store.drop(job_id, name)


def _pixels(model_id: str) -> str:
    return f"{model_id}.cut.png"


def _card(model_id: str) -> str:
    return f"{model_id}.cut.json"
