"""Cutouts that were paid for, kept as soon as they are there: whatever dies after that, nobody is paid again."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cutout.errors import NotFound
from cutout.jobs import Cutout, ModelResult
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from serve_app.jobs.state import packed, unpacked
from serve_app.storage.pictures import PictureStore

OURS = LimitsSpec(input_px=sys.maxsize)
"""Of a file that this service wrote: it was bounded when it was made."""
Put = Callable[[str, str, bytes], Awaitable[None]]
"""Keeps a file of a job under a name; waits for a store that is away."""


class PaidCutouts:
    """What the first stage of a durable job gave: its pixels as a PNG, and what was said of it as JSON beside it."""

    def __init__(self, store: PictureStore, put: Put) -> None:
        self._store = store
        self._put = put

    async def find(self, job_id: str, model_id: str) -> ModelResult | None:
        """A model's cutout as pixels; None when it was not kept."""
        try:
            card = json.loads(await self._store.get(job_id, _card(model_id)))
            file = await self._store.get(job_id, _pixels(model_id))
        except NotFound:
            return None
        result = unpacked(card)
        picture = await asyncio.to_thread(decode, file, OURS)
        if not isinstance(result.outcome, Cutout):
            raise TypeError("a cutout is kept, and nothing else")
        return replace(result, outcome=replace(result.outcome, rgba=picture.rgba()))

    async def keep(self, job_id: str, result: ModelResult) -> None:
        """Keep a model's cutout, which has pixels; once this has returned it outlives the process."""
        if not isinstance(result.outcome, Cutout) or result.outcome.rgba is None:
            raise TypeError("a cutout as pixels is kept, and nothing else")
        file = await asyncio.to_thread(encode, result.outcome.rgba, "png")
        await self._put(job_id, _pixels(result.model_id), file)
        await self._put(job_id, _card(result.model_id), json.dumps(packed(result)).encode())  # last: now it is whole

    async def drop(self, job_id: str, model_id: str) -> None:
        """Delete it, once the job's own result is kept."""
        for name in (_card(model_id), _pixels(model_id)):
            await self._store.drop(job_id, name)


def _pixels(model_id: str) -> str:
    return f"{model_id}.cut.png"


def _card(model_id: str) -> str:
    return f"{model_id}.cut.json"
