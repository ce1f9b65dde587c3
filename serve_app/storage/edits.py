"""The cutout of a job that a caller has mended by hand; in the store beside those of its models."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from cutout.errors import NotFound
from cutout.results import Cutout, ModelResult
from serve_app.storage.pictures import SUFFIX, PictureStore

EDITED: Final = "edited"
"""In the place of a model's id."""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edited cutout; the whole of it is in the store, as a PNG."""

    cutout: Cutout
    wall_ms: float
    """What mending it took."""

    @property
    def source(self) -> str:
        """The model whose cutout was mended."""
        return self.cutout.source_id

    @property
    def result(self) -> ModelResult:
        """The edit as a result of its job."""
        return ModelResult(EDITED, self.cutout, self.wall_ms)


_EDIT = TypeAdapter(Edit)


class Edits:
    """The edited cutouts, one a job: a later one replaces it.

    `suffix` is that of the job's files: SUFFIX of an answered request's, which expire; empty of a durable job's.
    """

    def __init__(self, store: PictureStore) -> None:
        self._store = store

    async def find(self, job_id: str, suffix: str) -> Edit | None:
        """The edited cutout of a job, or None; raises ServiceUnavailable while the store cannot be reached."""
        try:
            return _EDIT.validate_json(await self._store.get(job_id, _card(suffix)))
        except NotFound:
            return None

    async def find_any(self, job_id: str) -> Edit | None:
        """As `find`, for a job of either kind."""
        return await self.find(job_id, "") or await self.find(job_id, SUFFIX)

    async def put(self, job_id: str, suffix: str, edit: Edit, whole: bytes) -> None:
        """Store an edited cutout, and what is known of it."""
        await self._store.put(job_id, edited_name(suffix), whole)
        await self._store.put(job_id, _card(suffix), _EDIT.dump_json(edit))  # last: now it is complete


def edited_name(suffix: str) -> str:
    """Name of a job's whole edited cutout in the store."""
    return f"{EDITED}.png{suffix}"


def _card(suffix: str) -> str:
    return f"{EDITED}.card{suffix}"
