"""The client's operations on jobs: durable ones, and those that have ended."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

from cutout.errors import ProcessingError
from cutout.pixels.plain import EnlargingMethod, OutputFormat
from cutout_client.connection import Connection
from cutout_client.exchange import enlargement, listed, request, with_job_id
from cutout_client.options import Factor, Finish, JobOptions, Webhook
from cutout_client.pictures import File, Picture, fields_body, picture_body, read
from cutout_client.refusals import error_of
from cutout_client.results import (
    ENDED,
    CutoutResult,
    JobList,
    JobResult,
    JobStatus,
    Share,
    UpscaleResult,
    all_failed,
    parsed,
)

POLL_S = (0.25, 5.0)
"""First and longest pause between two requests for a job's status, in seconds."""


class Jobs:
    """The part of AsyncClient that is about jobs by their ids."""

    _connection: Connection

    async def submit(
        self,
        picture: Picture,
        models: str | Sequence[str] = "all",
        upscale_factor: Factor | None = None,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        **options: Unpack[JobOptions],
    ) -> str:
        """Submit a durable job, which survives crashes, and return its id; then `wait`, or get a webhook."""
        webhook = {"webhook_url": webhook_url, "webhook_secret": webhook_secret}
        path, content = await request(picture, models, upscale_factor, {**options, **webhook})
        content["headers"]["Prefer"] = "respond-async"
        job_id: str = (await self._connection.send("POST", path, **content)).json()["job_id"]
        return job_id

    async def submit_upscale(
        self,
        picture: Picture,
        scale_factor: Factor = 4,
        output_format: OutputFormat = "png",
        preserve_alpha: bool = True,
        method: EnlargingMethod = "lanczos",
        **webhook: Unpack[Webhook],
    ) -> str:
        """Submit a durable upscale and return the job's id; then `wait_upscale`, or get a webhook."""
        fields = enlargement(scale_factor, output_format, preserve_alpha, method)
        content = await picture_body(picture, {**fields, **webhook})
        content["headers"] = {"Idempotency-Key": uuid.uuid4().hex, "Prefer": "respond-async"}
        job_id: str = (await self._connection.send("POST", "/upscale", **content)).json()["job_id"]
        return job_id

    async def job(self, job_id: str) -> JobResult:
        """A job's status and results so far; each result has its picture at `image_url`."""
        return await self._connection.ask(JobResult, "GET", f"/jobs/{job_id}")

    async def jobs(
        self,
        status: JobStatus | None = None,
        limit: int = 20,
        before: int | None = None,
        job_ids: Sequence[str] | None = None,
    ) -> JobList:
        """A page of the durable jobs of this API key, the newest first; `before` is `next` of the page before.

        Raises:
            ValidationError: the service has no API keys, and no `job_ids` are given.
        """
        asked = {"status": status, "limit": limit, "before": before, "job_ids": job_ids}
        fields = {name: value for name, value in asked.items() if value is not None}
        return await self._connection.ask(JobList, "GET", "/jobs", params=fields)

    async def wait(self, job_id: str) -> JobResult:
        """Wait until a job has ended, and return it with its pictures; raises as `remove_background`."""
        job = parsed(JobResult, await self._ended(job_id))
        if job.status == "failed":
            raise all_failed(job.results) or ProcessingError("The job failed")
        results = await asyncio.gather(*(self._fetched(result, job_id) for result in job.results))
        return replace(job, results=tuple(results))

    async def wait_upscale(self, job_id: str) -> UpscaleResult:
        """Wait until a submitted upscale has ended; raises its error if it failed."""
        body = await self._ended(job_id)
        if not body["results"]:
            raise ProcessingError("The job was cancelled, or it is not an upscale")
        [result] = body["results"]
        if result.get("error"):
            raise error_of(result["error_type"], result["error"])
        picture = (await self._connection.send("GET", result["image_url"])).content
        return parsed(UpscaleResult, {**result, "job_id": job_id, "image_base64": picture})

    async def cancel(self, job_id: str) -> JobResult:
        """Cancel a job: running models stop, finished results stay. A job that has ended does not change."""
        return await self._connection.ask(JobResult, "DELETE", f"/jobs/{job_id}")

    async def forget(self, job_id: str) -> None:
        """Cancel a job, and delete it with its pictures, its results and its webhook."""
        await self._connection.send("DELETE", f"/jobs/{job_id}", params={"forget": True})

    async def compose(
        self,
        job_id: str,
        models: str | Sequence[str] = "all",
        upscale_factor: Factor | None = None,
        **finish: Unpack[Finish],
    ) -> JobResult:
        """The cutouts of a finished job in another form. No model runs, and it costs nothing.

        Raises:
            NotFound: the cutouts are no longer stored.
            Conflict: the job has not ended.
        """
        content = await fields_body({"include_models": listed(models), "upscale_factor": upscale_factor, **finish})
        return with_job_id(await self._connection.ask(JobResult, "POST", f"/jobs/{job_id}/compose", **content))

    async def edit(self, job_id: str, model_id: str, mask: File) -> CutoutResult:
        """A finished job's cutout with another matte; `mask` is a grey PNG of the picture's size. It costs nothing.

        It is kept with the job as `edited`: `compose` and `log_selection` take that in the place of a model's id.

        Raises:
            NotFound: the job, or its picture, is no longer stored.
            InvalidFormat, ValidationError: the mask is of another kind or size.
            Conflict: the job has not ended.
        """
        content = {"files": {"mask": ("mask.png", await asyncio.to_thread(read, mask))}, "data": {"model_id": model_id}}
        job = await self._connection.ask(JobResult, "POST", f"/jobs/{job_id}/edit", **content)
        return with_job_id(job)["edited"]

    async def share(
        self, job_id: str, models: str | Sequence[str] = "all", expires_s: int = 86_400, title: str = ""
    ) -> Share:
        """A link that shows a finished durable job's cutouts to anybody who has it, until it expires.

        Raises:
            NotFound: the job, or its pictures, are no longer stored.
            Conflict: it has not ended.
        """
        fields = {"include_models": listed(models), "expires_s": expires_s, "title": title}
        return await self._connection.ask(Share, "POST", f"/jobs/{job_id}/share", json=fields)

    async def _ended(self, job_id: str) -> dict[str, Any]:
        """A job's body once it has ended; raises the error of the job as a whole."""
        gap_s, longest_s = POLL_S
        while True:
            body: dict[str, Any] = (await self._connection.send("GET", f"/jobs/{job_id}")).json()
            if error := body.get("error"):
                raise error_of(error["type"], error["message"])
            if body["status"] in ENDED:
                return body
            await asyncio.sleep(gap_s)
            gap_s = min(gap_s * 1.5, longest_s)

    async def _fetched(self, result: CutoutResult, job_id: str) -> CutoutResult:
        """The result of a durable job, with its picture downloaded."""
        picture = (await self._connection.send("GET", result.image_url)).content if result.image_url else None
        return replace(result, image=picture, job_id=job_id)
