"""An item of a batch -> the order of its job: its picture is fetched, checked and stored, as that of a request is."""

from dataclasses import replace

from cutout.jobs import Job, Output
from cutout.limits import LimitsSpec
from cutout.pixels.finish import Finish
from cutout.pixels.plain import Colour
from fetching.fetch import Fetcher
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.batches.batch import BatchOrder
from serve_app.jobs.request_pictures import INPUT, RequestPictures
from serve_app.jobs.state import Order
from serve_app.jobs.stored_options import StoredFinish
from serve_app.requests.asked import BatchItem
from serve_app.storage.pictures import PictureStore
from serve_app.storage.sources import Sources

SOME_COLOUR: Colour = (255, 255, 255)
"""Stands for a background's picture where only the size of a result is in question."""


class ItemOrders:
    """Makes the orders of a batch's items."""

    def __init__(self, shotgun: Shotgun, store: PictureStore, sources: Sources) -> None:
        service = shotgun.registry.service
        self._shotgun = shotgun
        self._store = store
        self._sources = sources
        self._limits: LimitsSpec = service.limits
        self._pictures = RequestPictures(store, keeps_picture=service.jobs.compose_s > 0)
        self._fetcher = Fetcher(service.fetch, service.limits.body_bytes, instruments=shotgun.instruments)

    async def order(self, batch: BatchOrder, item: BatchItem) -> Order:
        """The order of an item's job, its pictures in the store.

        Raises:
            ValidationError, NotFetched: an address that leads nowhere.
            NotFound: a file that is no longer where it was.
            InvalidFormat, ImageTooLarge: a picture that cannot be read, or of which no result could be made.
            ServiceUnavailable: the store or the source cannot be reached.
        """
        picture = await self._bytes(batch, item)
        output = Output(batch.output_format, batch.factor, _sized(batch.finish), method=batch.method)
        decoded = await self._shotgun.decoded(Job(item.job_id, picture, batch.selection, output))
        if item.origin == "file":
            name = item.place
        else:
            name = await self._pictures.put(item.job_id, INPUT, picture)
        thumbnail = await self._pictures.put_thumbnail(item.job_id, decoded)
        order = batch.job(item, name, decoded.size, thumbnail)
        if order.background:
            behind = await self._store.get(batch.batch_id, order.background)
            await self._store.put(item.job_id, order.background, behind)
        return order

    async def close(self) -> None:
        """Close the connections that are still open."""
        await self._fetcher.close()

    async def _bytes(self, batch: BatchOrder, item: BatchItem) -> bytes:
        match item.origin:
            case "file":
                return await self._store.get(item.job_id, item.place)
            case "address":
                return await self._fetcher.fetch(item.place)
        return await self._sources.read(batch.source, item.place, self._limits.body_bytes)


def _sized(stored: StoredFinish | None) -> Finish | None:
    """The finish as far as sizes and formats depend on it."""
    if stored is None:
        return None
    finish = stored.finish()
    return replace(finish, background=SOME_COLOUR) if isinstance(stored.background, str) else finish
