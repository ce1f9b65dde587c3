"""Paid cutouts, stored as soon as they are there: no picture is paid for twice, whatever is done again."""

import asyncio
from dataclasses import dataclass
from typing import Self

from pydantic import TypeAdapter

from cutout.errors import NotFound
from cutout.limits import OWN_FILES
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from cutout.pixels.types import Rgba
from cutout.results import Cutout, CutoutPixels, ModelResult
from deployments.catalogue.places import Place

FOLDER = ".catalogue/paid"
JSON = TypeAdapter(ModelResult[Cutout])


@dataclass(frozen=True, slots=True)
class Cut:
    """One model's result for a picture."""

    result: ModelResult[Cutout]
    rgba: Rgba | None = None
    """(H, W, 4); None: it failed."""

    @classmethod
    def of(cls, cutout: CutoutPixels, wall_ms: float) -> Self:
        """A success."""
        return cls(ModelResult(cutout.model_id, Cutout(**cutout.known()), wall_ms), cutout.rgba)


class PaidCutouts:
    """By the digest of the picture's file and the model: a PNG, and JSON beside it."""

    def __init__(self, out: Place) -> None:
        self._out = out

    async def find(self, digest: str, model_id: str) -> Cut | None:
        """A model's cutout; None when there is none. Raises ServiceUnavailable."""
        try:
            result = JSON.validate_json(await self._out.get(f"{_path(digest, model_id)}.json"))
            file = await self._out.get(f"{_path(digest, model_id)}.png")
        except NotFound:
            return None
        picture = await asyncio.to_thread(decode, file, OWN_FILES)
        return Cut(result, picture.rgba())

    async def keep(self, digest: str, cut: Cut) -> None:
        """Store a cutout; nothing happens with a failure. Raises ServiceUnavailable."""
        if cut.rgba is None:
            return
        path, file = _path(digest, cut.result.model_id), await asyncio.to_thread(encode, cut.rgba, "png")
        await self._out.put(f"{path}.png", file)
        await self._out.put(f"{path}.json", JSON.dump_json(cut.result))  # last: now it is complete


def _path(digest: str, model_id: str) -> str:
    return f"{FOLDER}/{digest[:2]}/{digest}.{model_id}"
