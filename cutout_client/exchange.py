"""What AsyncClient sends for a picture, and how it reads the jobs that come back."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from cutout.pixels.plain import EnlargingMethod, OutputFormat
from cutout_client.connection import lines
from cutout_client.options import Factor
from cutout_client.pictures import Picture, picture_body
from cutout_client.refusals import error_of
from cutout_client.results import CutoutResult, JobResult, parsed


async def request(
    picture: Picture, models: str | Sequence[str], factor: Factor | None, options: Mapping[str, object]
) -> tuple[str, dict[str, Any]]:
    """Path and content of a request. It carries an Idempotency-Key: however often it is sent, it is one job."""
    fields = {"bg_models": listed(models), "upscale_factor": factor} if factor else {"include_models": listed(models)}
    content = await picture_body(picture, {**fields, **options})
    content["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
    return "/process" if factor else "/remove-background", content


def enlargement(
    factor: Factor, output_format: OutputFormat, preserve_alpha: bool, method: EnlargingMethod
) -> dict[str, object]:
    """The fields of an upscale; services of version 1.0.0 reject a method."""
    sharper = {} if method == "lanczos" else {"method": method}
    return {"scale_factor": factor, "output_format": output_format, "preserve_alpha": preserve_alpha, **sharper}


def with_job_id(job: JobResult) -> JobResult:
    """The job with its id in each result."""
    return replace(job, results=tuple(replace(result, job_id=job.job_id) for result in job.results))


def listed(models: str | Sequence[str]) -> list[str]:
    """Ids of models, of which one may be given by itself."""
    return [models] if isinstance(models, str) else list(models)


async def streamed(response: httpx.Response) -> AsyncIterator[CutoutResult]:
    """The results in a stream; raises RemoteProtocolError when it ends without its summary."""
    job_id = None
    async for line in lines(response):
        event = await asyncio.to_thread(json.loads, line)
        match event.pop("event"):
            case "started":
                job_id = event["job_id"]
            case "finished" | "failed":
                yield replace(parsed(CutoutResult, event), job_id=job_id)
            case "error":
                raise error_of(event["error"]["type"], event["error"]["message"])
            case "summary":
                return
    raise httpx.RemoteProtocolError("the stream ended early")
