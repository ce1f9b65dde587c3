"""The pictures of durable jobs in the store: those of requests, results, and the mattes that `fused` is made of."""

import asyncio
import logging

from cutout.errors import NotFound, ServiceUnavailable
from cutout.jobs import Output
from cutout.limits import OWN_FILES
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from cutout.pixels.types import Alpha
from cutout.results import CutoutFile, CutoutPixels
from serve_app.jobs.state import Order
from serve_app.storage.pictures import PictureStore

logger = logging.getLogger(__name__)
STORE_EVERY_S = 2.0


class JobPictures:
    """Reads and writes them."""

    def __init__(self, store: PictureStore, decoder: Decoder, *, keep_whole: bool) -> None:
        """With `keep_whole`, each result also has the whole cutout."""
        self._store = store
        self._decoder = decoder
        self._keep_whole = keep_whole

    async def input(self, order: Order) -> bytes:
        """The picture of a request."""
        return await self._store.get(order.job_id, order.picture)

    async def output(self, order: Order) -> Output:
        """What is made of each cutout, the background's picture read from the store."""
        picture = None
        if order.background:
            behind = await self._store.get(order.job_id, order.background)
            picture = await self._decoder.decode(behind, "background")
        finish = order.finish.finish(picture) if order.finish else None
        return Output(order.output_format, order.factor, finish, self._keep_whole, order.method)

    async def keep(self, order: Order, cutout: CutoutFile) -> None:
        """Store the files of a result."""
        model_id = cutout.model_id
        files = (
            (order.name(model_id), cutout.encoded),
            (order.mask_name(model_id), cutout.mask),
            (order.whole_name(model_id), cutout.whole),
        )
        for name, data in files:
            if data is not None:
                await self.put(order.job_id, name, data)

    async def keep_matte(self, order: Order, cutout: CutoutPixels) -> None:
        """Store the alpha of a model's cutout, before its upscale and finish."""
        file = await asyncio.to_thread(encode, cutout.rgba[..., 3].copy(), "png")
        await self.put(order.job_id, _matte(cutout.model_id), file)

    async def mattes(self, order: Order) -> dict[str, Alpha]:
        """The stored alphas, (H, W), bytes, by their models; those that failed have none."""
        found = {}
        for model_id in order.models:
            try:
                file = await self._store.get(order.job_id, _matte(model_id))
            except NotFound:
                continue
            picture = await asyncio.to_thread(decode, file, OWN_FILES)
            found[model_id] = picture.rgb[..., 0].copy()
        return found

    async def drop(self, order: Order) -> None:
        """Delete what only the job's own work needed: pictures of its request, and the mattes."""
        mattes = map(_matte, order.models) if order.selection.is_fused else ()
        for name in (*order.spare_pictures, *mattes):
            await self._store.drop(order.job_id, name)

    async def put(self, job_id: str, name: str, picture: bytes) -> None:
        """Store a picture. Waits while the store is unavailable or full, since the picture may be paid for."""
        while True:
            try:
                return await self._store.put(job_id, name, picture)
            except ServiceUnavailable as away:
                logger.warning("Job %s waits for its store: %s", job_id, away.message)
                await asyncio.sleep(STORE_EVERY_S)


def _matte(model_id: str) -> str:
    return f"{model_id}.matte.png"
