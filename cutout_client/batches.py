"""The client's operations on batches: many pictures under one id."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Unpack

import httpx

from cutout.errors import ValidationError
from cutout_client.connection import Connection
from cutout_client.exchange import listed
from cutout_client.options import BatchOptions, Factor, Terms
from cutout_client.pictures import Picture, fields_body, is_address
from cutout_client.refusals import error_of
from cutout_client.results import ENDED, ErrorDetail, Estimate, JobStatus

POLL_S = (0.5, 10.0)
"""First and longest pause between two requests for a batch's status, in seconds."""
PAGE = 500
"""Items of a page."""


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One picture of a batch."""

    number: int
    """From 1, in the order of the request."""
    name: str
    job_id: str
    """For `job`, `compose` and `log_selection`."""
    status: JobStatus
    cost_usd: float
    selected_model_id: str | None = None
    """The model of the best cutout, or the only one; None while there is none."""
    image_url: str | None = None
    """That cutout's signed URL, which expires."""
    image: bytes | None = field(default=None, repr=False)
    """That cutout; set by `batch_results`."""
    error: str | None = None
    """Why there is none."""
    error_type: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will change."""
        return self.status in ENDED

    def check(self) -> bytes:
        """The best cutout's file.

        Raises:
            CutoutError: there is none; the class is that of its error.
        """
        if self.image is None:
            raise error_of(self.error_type, self.error or f"{self.name} has no cutout here, see image_url")
        return self.image

    def save(self, path: str | Path) -> Path:
        """Write that file, replacing an existing one; raises as `check`."""
        Path(path).write_bytes(self.check())
        return Path(path)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, with a page of its items."""

    batch_id: str
    status: JobStatus
    """`completed`: each picture has a cutout; `failed`: none has."""
    items_total: int
    counts: dict[JobStatus, int]
    """Items by their status."""
    total_cost_usd: float
    estimate_usd: float
    items: tuple[BatchItem, ...]
    next: int | None
    """`after` of the next page; None: there is none."""
    created_at: float
    """Unix time in seconds."""
    ended_at: float | None = None
    max_cost_usd: float | None = None
    error: ErrorDetail | None = None
    """Why the batch as a whole failed."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will change."""
        return self.status in ENDED


class Batches:
    """The part of AsyncClient that is about batches."""

    _connection: Connection

    async def submit_batch(
        self,
        pictures: Sequence[Picture] = (),
        models: str | Sequence[str] = "all",
        upscale_factor: Factor | None = None,
        **options: Unpack[BatchOptions],
    ) -> str:
        """Submit many pictures, and return the batch's id; it survives crashes.

        Then `batch_results`, or `wait_batch` and `save_batch`, or get a webhook. The pictures are files, or addresses
        that the service fetches; or `source` and `prefix` name those in a store that its operator configured.
        `max_cost_usd` is of all pictures together.

        Raises:
            ValidationError: files and addresses together; or the service refuses, for more than a batch may have.
        """
        fields = {"include_models": listed(models), "upscale_factor": upscale_factor, **options}
        with ExitStack() as opened:
            content = await _content(pictures, fields, opened)
            content["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
            body = (await self._connection.send("POST", "/batches", **content)).json()
        batch_id: str = body["batch_id"]
        return batch_id

    async def estimate_batch(
        self, pictures: int, models: str | Sequence[str] = "all", **terms: Unpack[Terms]
    ) -> Estimate:
        """Price of a batch of so many pictures, and the models it would run, without running it."""
        asked = {"models": listed(models), "pictures": pictures, **terms}
        return await self._connection.ask(Estimate, "POST", "/estimate", json=asked)

    async def batch(self, batch_id: str, after: int = 0, limit: int = 100) -> Batch:
        """A batch's status, and its items after the one of the number `after`."""
        page = {"after": after, "limit": limit}
        return await self._connection.ask(Batch, "GET", f"/batches/{batch_id}", params=page)

    async def wait_batch(self, batch_id: str) -> Batch:
        """Wait until a batch has ended, and return it; raises the error of the batch as a whole."""
        gap_s, longest_s = POLL_S
        while True:
            batch = await self.batch(batch_id)
            if batch.error:
                raise error_of(batch.error.type, batch.error.message)
            if batch.ended:
                return batch
            await asyncio.sleep(gap_s)
            gap_s = min(gap_s * 1.5, longest_s)

    async def batch_results(self, batch_id: str) -> AsyncIterator[BatchItem]:
        """Each picture's result as soon as it has ended, its best cutout downloaded; failures too."""
        seen, gap_s, ended = set[int](), POLL_S[0], False
        while not ended:
            page = await self.batch(batch_id, limit=PAGE)
            ended = page.ended
            items = [*page.items]
            while page.next is not None:
                page = await self.batch(batch_id, page.next, PAGE)
                items += page.items
            for item in items:
                if item.ended and item.number not in seen:
                    seen.add(item.number)
                    yield await self._with_image(item)
            if not ended:
                await asyncio.sleep(gap_s)
                gap_s = min(gap_s * 1.5, POLL_S[1])

    async def save_batch(self, batch_id: str, path: str | Path) -> Path:
        """Write the ZIP of an ended batch, replacing an existing file; raises Conflict while it runs."""
        path = Path(path)
        part = path.with_name(f"{path.name}.part")
        response = await self._connection.send("GET", f"/batches/{batch_id}/results.zip", stream=True)
        try:
            with part.open("wb") as file:
                async for chunk in response.aiter_bytes():
                    await asyncio.to_thread(file.write, chunk)
        except httpx.TransportError as cut:
            raise self._connection.lost(cut) from cut
        finally:
            await response.aclose()
        return part.replace(path)

    async def cancel_batch(self, batch_id: str) -> Batch:
        """Cancel a batch: running jobs stop, finished ones stay. A batch that has ended does not change."""
        return await self._connection.ask(Batch, "DELETE", f"/batches/{batch_id}")

    async def forget_batch(self, batch_id: str) -> None:
        """Cancel a batch, and delete it with its jobs and their pictures."""
        await self._connection.send("DELETE", f"/batches/{batch_id}", params={"forget": True})

    async def _with_image(self, item: BatchItem) -> BatchItem:
        if item.image_url is None:
            return item
        return replace(item, image=(await self._connection.send("GET", item.image_url)).content)


async def _content(pictures: Sequence[Picture], fields: Mapping[str, object], opened: ExitStack) -> dict[str, Any]:
    """Arguments for httpx; files are opened, and are read while they are sent."""
    addresses = [one for one in pictures if is_address(one)]
    if addresses and len(addresses) < len(pictures):
        raise ValidationError("pictures: files or addresses expected, not both in one batch")
    if addresses or not pictures:
        return await fields_body({**({"image_urls": addresses} if addresses else {}), **fields})
    body = await fields_body(fields)
    behind = body["json"].pop("background", None)
    files = [("images", (name, one)) for name, one in zip(_names(pictures), _files(pictures, opened), strict=True)]
    return {"files": files, "data": body["json"] | ({"background": behind} if behind else {})}


def _names(pictures: Sequence[Picture]) -> list[str]:
    """Names of files, those with paths relative to the folder that all of them are in."""
    paths = [os.path.abspath(one) for one in pictures if isinstance(one, str | os.PathLike)]
    folder = os.path.commonpath([os.path.dirname(path) for path in paths]) if paths else ""
    return [
        Path(os.path.relpath(one, folder)).as_posix() if isinstance(one, str | os.PathLike) else f"picture-{number}"
        for number, one in enumerate(pictures, 1)
    ]


def _files(pictures: Sequence[Picture], opened: ExitStack) -> list[bytes | BinaryIO]:
    return [opened.enter_context(open(one, "rb")) if isinstance(one, str | os.PathLike) else one for one in pictures]
