"""The stores that batches may read pictures from: those that the operator named, and nothing is written there."""

from collections.abc import Mapping
from typing import Any, Final

from cutout.errors import ConfigurationError, ImageTooLarge, NotFound, ServiceUnavailable, ValidationError
from cutout.pixels.endings import READ
from cutout.spec import MEBIBYTE
from serve_app.storage.pictures import asked, opened, pages

MOST_LISTED: Final = 100_000
"""Most files, pictures or not, that are looked at to find those of a batch."""


class Sources:
    """Pictures by a source's name and their path in it.

    Every method raises ServiceUnavailable while the store cannot be reached.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._stores = dict[str, Any]()
        """Those that were opened."""

    async def found(self, source: str, prefix: str, most: int) -> dict[str, int]:
        """The pictures in a folder of a source and in those below it: sizes in bytes, by path.

        In order; where there are more than `most`, some of them, and more than that.

        Raises:
            ValidationError: no such source, no path of a folder, or too many files there.
        """
        store, folder = self._store(source), _folder(prefix)
        sizes, listed = dict[str, int](), 0
        async for page in pages(store, folder):
            listed += len(page)
            sizes |= {meta["path"]: int(meta["size"]) for meta in page if meta["path"].lower().endswith(tuple(READ))}
            if len(sizes) > most:
                return sizes
            if listed > MOST_LISTED:
                message = f"prefix: a folder of at most {MOST_LISTED} files is expected"
                raise ValidationError.of_field("prefix", message, prefix)
        return dict(sorted(sizes.items()))

    async def read(self, source: str, path: str, limit_bytes: int) -> bytes:
        """A picture's bytes; raises NotFound, or ImageTooLarge for more than `limit_bytes`."""
        try:
            file = await asked(self._store(source).get_async(path))
        except NotFound as gone:
            raise NotFound("It is no longer in its source") from gone
        if int(file.meta["size"]) > limit_bytes:
            raise ImageTooLarge(f"Image exceeds the limit of {limit_bytes // MEBIBYTE} MB")
        return bytes(await asked(file.bytes_async()))

    def _store(self, source: str) -> Any:
        if source not in self._places:
            known = f"known: {', '.join(self._places)}" if self._places else "none is configured (jobs.batch.sources)"
            raise ValidationError.of_field("source", f"source: unknown; {known}", source)
        if source not in self._stores:
            try:
                self._stores[source] = opened(self._places[source], f"source: {source}")
            except ConfigurationError as wrong:
                raise ServiceUnavailable(wrong.message) from wrong
        return self._stores[source]


def _folder(prefix: str) -> str | None:
    """The folder of a prefix; None: the whole source."""
    names = prefix.strip("/").split("/")
    if names == [""]:
        return None
    if not prefix.isprintable() or {"", ".", ".."}.intersection(names):
        raise ValidationError.of_field("prefix", "prefix: a folder's path expected, such as spring/shirts", prefix)
    return "/".join(names)
