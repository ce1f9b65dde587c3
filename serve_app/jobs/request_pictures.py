"""The pictures of a request as they are stored: the one that was sent, its thumbnail, and its background."""

import asyncio
import hashlib
from typing import Final

from cutout.pixels.encoding.encode import encode
from cutout.pixels.finish import Finish
from cutout.pixels.formats.kind import sniff
from cutout.pixels.picture import Picture
from cutout.pixels.plain import MEDIA_TYPES
from cutout.pixels.thumbnail import thumbnail
from serve_app.jobs.stored_options import StoredFinish
from serve_app.storage.pictures import PictureStore

THUMBNAIL: Final = "thumbnail.small.webp"
"""Name of a thumbnail in the store; a model's id has no dot."""
INPUT: Final = "input"
BACKGROUND: Final = "background"
_ENDINGS = {media_type: f".{name}" for name, media_type in MEDIA_TYPES.items()}


def picture_name(what: str, picture: bytes) -> str:
    """A name made of a picture's content, so that no other request can change it."""
    return f"{what}_{hashlib.sha256(picture).hexdigest()}{_ENDINGS.get(sniff(picture), '')}"


class RequestPictures:
    """Stores them; `keeps_picture`: a picture stays beside its cutouts."""

    def __init__(self, store: PictureStore, *, keeps_picture: bool) -> None:
        self._store = store
        self._keeps_picture = keeps_picture

    async def put(self, job_id: str, what: str, picture: bytes) -> str:
        """Store a picture under a name made of its content; that name."""
        name = await asyncio.to_thread(picture_name, what, picture)
        await self._store.put(job_id, name, picture)
        return name

    async def put_finish(self, job_id: str, finish: Finish) -> StoredFinish:
        """The finish as it is stored, its background's picture in the store."""
        background = finish.background
        if not isinstance(background, Picture):
            return StoredFinish.of(finish, "")
        file = await asyncio.to_thread(lambda: encode(background.on_white(), "png"))
        return StoredFinish.of(finish, await self.put(job_id, BACKGROUND, file))

    async def put_thumbnail(self, job_id: str, picture: Picture) -> str | None:
        """Store a small copy of a picture that stays beside its cutouts; its name, or None."""
        if not self._keeps_picture:
            return None
        await self._store.put(job_id, THUMBNAIL, await asyncio.to_thread(thumbnail, picture))
        return THUMBNAIL
