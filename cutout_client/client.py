"""AsyncClient: every operation of the service."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self, TypedDict, TypeVar, Unpack

import httpx

from cutout.errors import ProcessingError
from cutout.picks.pick import Logged
from cutout.picks.statistics import Stats
from cutout.pixels.types import OutputFormat
from cutout_client.connection import Connection, lines
from cutout_client.pictures import Background, Picture, fields_body, picture_body
from cutout_client.refusals import error_of
from cutout_client.results import (
    ENDED,
    CutoutResult,
    Estimate,
    JobResult,
    ModelInfo,
    ModelList,
    UpscaleResult,
    all_failed,
    understood,
)

T = TypeVar("T")
TIMEOUT_S = 330.0
"""Longest silence of the service: a little longer than it may take by its own `limits.request_s`."""
TRIES = 5
POLL_S = (0.25, 5.0)
"""First and longest gap between two looks at a job."""
Factor = Literal[2, 4]


class Terms(TypedDict, total=False):
    """What you will pay and wait for, and which models you will have."""

    max_cost_usd: float
    """The request is refused, before anything is spent, when its models cost more together."""
    deadline_ms: int
    """Answer by then with what is done; the other models failed by timeout."""
    local_only: bool
    """No picture leaves the service."""
    commercial_only: bool
    """Only models whose licence lets a cutout be sold."""


class Finish(TypedDict, total=False):
    """What becomes of each cutout; docs/pictures.md says what each does."""

    output_format: OutputFormat
    output_type: Literal["cutout", "mask", "both"]
    background: Background
    background_url: str
    crop: bool
    crop_margin: str


class JobOptions(Terms, Finish, total=False):
    """What may be said with a picture."""

    transparency_handling: Literal["intersect_alpha", "return_input_if_non_opaque", "discard_alpha_layer"]
    refine: bool
    """Solve hair, fur and other soft edges of each matte against the picture."""


class Webhook(TypedDict, total=False):
    """Where the end of a job is told, and by what that is signed."""

    webhook_url: str
    webhook_secret: str


class AsyncClient:
    """A service of Cutout Shotgun, for programs with an event loop; `Client` is the same without one.

    Every method raises the service's own errors (cutout/errors.py): what it refused in the class that it named, and
    ServiceUnavailable when it cannot be reached. 429, 503 and cut lines are tried again, `tries` times in all.
    """

    def __init__(
        self,
        url: str = "http://localhost:8000",
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        tries: int = TRIES,
    ) -> None:
        self._line = Connection(url, api_key, timeout_s, tries)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    async def remove_background(
        self, picture: Picture, models: str | Sequence[str] = "all", **options: Unpack[JobOptions]
    ) -> JobResult:
        """Every model's cutout, or why it failed; raises ProcessingError when every model did."""
        return await self._job(picture, models, None, options)

    async def process(
        self,
        picture: Picture,
        models: str | Sequence[str] = "all",
        upscale_factor: Factor = 4,
        **options: Unpack[JobOptions],
    ) -> JobResult:
        """Every model's cutout, enlarged; raises as `remove_background`."""
        return await self._job(picture, models, upscale_factor, options)

    async def stream(
        self,
        picture: Picture,
        models: str | Sequence[str] = "all",
        upscale_factor: Factor | None = None,
        **options: Unpack[JobOptions],
    ) -> AsyncIterator[CutoutResult]:
        """Each model's cutout, or its failure, as soon as it is there. A cut line is taken up where it was."""
        path, content = await _request(picture, models, upscale_factor, options)
        content["headers"]["Accept"] = "application/x-ndjson"
        told = set[str]()
        for left in reversed(range(self._line.tries)):
            response = await self._line.send("POST", path, stream=True, **content)
            try:
                async for result in _results(response):
                    if result.model_id not in told:
                        told.add(result.model_id)
                        yield result
                return
            except httpx.TransportError as cut:
                if not left:
                    raise self._line.lost(cut) from cut
            finally:
                await response.aclose()

    async def compose(self, job_id: str, models: str | Sequence[str] = "all", **finish: Unpack[Finish]) -> JobResult:
        """Another finish for the cutouts of a job that has been answered: no model runs, and it costs nothing.

        Raises NotFound when they are no longer kept, and Conflict while a job has not ended.
        """
        content = await fields_body({"include_models": _several(models), **finish})
        return _named(await self._ask(JobResult, "POST", f"/jobs/{job_id}/compose", **content))

    async def upscale(
        self,
        picture: Picture,
        scale_factor: Factor = 4,
        output_format: OutputFormat = "png",
        preserve_alpha: bool = True,
    ) -> UpscaleResult:
        """A picture enlarged by Lanczos, transparency kept exact; without `preserve_alpha` it turns white."""
        fields = {"scale_factor": scale_factor, "output_format": output_format, "preserve_alpha": preserve_alpha}
        return await self._ask(UpscaleResult, "POST", "/upscale", **await picture_body(picture, fields))

    async def models(self) -> tuple[ModelInfo, ...]:
        """Every model: whether it can work, its price and its licence."""
        return (await self._ask(ModelList, "GET", "/models")).models

    async def estimate(self, models: str | Sequence[str] = "all", **terms: Unpack[Terms]) -> Estimate:
        """What a request would cost, and which models would run, without running it."""
        return await self._ask(Estimate, "POST", "/estimate", json={"models": _several(models), **terms})

    async def log_selection(
        self, job_id: str, selected_model_id: str, image_category: str | None = None, notes: str | None = None
    ) -> Logged:
        """Keep which cutout you chose; `none` says that none of them will do. The last one for a job counts."""
        pick = {"selected_model_id": selected_model_id, "image_category": image_category, "notes": notes}
        body = (await self._line.send("POST", "/log-selection", json={"job_id": job_id, **pick})).json()
        return understood(Logged, {"replaced": False, **body})

    async def stats(self) -> Stats:
        """How often each model was picked where it was offered, with 95 % intervals."""
        return await self._ask(Stats, "GET", "/selections/stats")

    async def submit(
        self,
        picture: Picture,
        models: str | Sequence[str] = "all",
        upscale_factor: Factor | None = None,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        **options: Unpack[JobOptions],
    ) -> str:
        """The id of a job that is done whatever dies; `wait` for it, or be told at `webhook_url`."""
        told = {"webhook_url": webhook_url, "webhook_secret": webhook_secret}
        path, content = await _request(picture, models, upscale_factor, {**options, **told})
        content["headers"]["Prefer"] = "respond-async"
        job_id: str = (await self._line.send("POST", path, **content)).json()["job_id"]
        return job_id

    async def submit_upscale(
        self,
        picture: Picture,
        scale_factor: Factor = 4,
        output_format: OutputFormat = "png",
        preserve_alpha: bool = True,
        **told: Unpack[Webhook],
    ) -> str:
        """The same of a picture to be enlarged; `wait_upscale` for it, or be told at `webhook_url`."""
        fields = {"scale_factor": scale_factor, "output_format": output_format, "preserve_alpha": preserve_alpha}
        content = await picture_body(picture, {**fields, **told})
        content["headers"] = {"Idempotency-Key": uuid.uuid4().hex, "Prefer": "respond-async"}
        job_id: str = (await self._line.send("POST", "/upscale", **content)).json()["job_id"]
        return job_id

    async def job(self, job_id: str) -> JobResult:
        """How far a job is; its pictures are at each result's `image_url`."""
        return await self._ask(JobResult, "GET", f"/jobs/{job_id}")

    async def wait(self, job_id: str) -> JobResult:
        """A job once it has ended, with its pictures; raises as `remove_background`."""
        job = understood(JobResult, await self._ended(job_id))
        if job.status == "failed":
            raise all_failed(job.results) or ProcessingError("The job failed")
        results = await asyncio.gather(*(self._fetched(result, job_id) for result in job.results))
        return replace(job, results=tuple(results))

    async def wait_upscale(self, job_id: str) -> UpscaleResult:
        """An upscale that was submitted, once it is done; raises the error of its class when it failed."""
        body = await self._ended(job_id)
        if not body["results"]:
            raise ProcessingError("The job was cancelled, or is no upscale")
        [result] = body["results"]
        if result.get("error"):
            raise error_of(result["error_type"], result["error"])
        picture = (await self._line.send("GET", result["image_url"])).content
        return understood(UpscaleResult, {**result, "job_id": job_id, "image_base64": picture})

    async def cancel(self, job_id: str) -> JobResult:
        """End a job: its models stop, and what is done is kept. A job that has ended stays as it is."""
        return await self._ask(JobResult, "DELETE", f"/jobs/{job_id}")

    async def _job(
        self, picture: Picture, models: str | Sequence[str], factor: Factor | None, options: JobOptions
    ) -> JobResult:
        path, content = await _request(picture, models, factor, options)
        response = await self._line.send("POST", path, **content)
        if response.status_code == httpx.codes.ACCEPTED:  # it takes longer than a request may
            return await self.wait(response.json()["job_id"])
        return _named(await asyncio.to_thread(lambda: understood(JobResult, response.json())))

    async def _ended(self, job_id: str) -> dict[str, Any]:
        """A job's body once it has ended; raises what broke it as a whole."""
        gap_s, longest_s = POLL_S
        while True:
            body: dict[str, Any] = (await self._line.send("GET", f"/jobs/{job_id}")).json()
            if error := body.get("error"):
                raise error_of(error["type"], error["message"])
            if body["status"] in ENDED:
                return body
            await asyncio.sleep(gap_s)
            gap_s = min(gap_s * 1.5, longest_s)

    async def _fetched(self, result: CutoutResult, job_id: str) -> CutoutResult:
        """A durable job's result with its picture."""
        picture = (await self._line.send("GET", result.image_url)).content if result.image_url else None
        return replace(result, image=picture, job_id=job_id)

    async def _ask(self, form: type[T], method: str, path: str, **content: Any) -> T:
        response = await self._line.send(method, path, **content)
        return await asyncio.to_thread(lambda: understood(form, response.json()))


async def _request(
    picture: Picture, models: str | Sequence[str], factor: Factor | None, options: Mapping[str, object]
) -> tuple[str, dict[str, Any]]:
    """Path and content of a shotgun's request. Under its Idempotency-Key, however often it is sent, it is one job."""
    fields = (
        {"bg_models": _several(models), "upscale_factor": factor} if factor else {"include_models": _several(models)}
    )
    content = await picture_body(picture, {**fields, **options})
    content["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
    return "/process" if factor else "/remove-background", content


def _named(job: JobResult) -> JobResult:
    """A job whose results say which one they are of."""
    return replace(job, results=tuple(replace(result, job_id=job.job_id) for result in job.results))


def _several(models: str | Sequence[str]) -> list[str]:
    return [models] if isinstance(models, str) else list(models)


async def _results(response: httpx.Response) -> AsyncIterator[CutoutResult]:
    """What a stream tells of each model; raises RemoteProtocolError when it ends before it has come to its end."""
    job_id = None
    async for line in lines(response):
        event = await asyncio.to_thread(json.loads, line)
        match event.pop("event"):
            case "started":
                job_id = event["job_id"]
            case "finished" | "failed":
                yield replace(understood(CutoutResult, event), job_id=job_id)
            case "error":
                raise error_of(event["error"]["type"], event["error"]["message"])
            case "summary":
                return
    raise httpx.RemoteProtocolError("the stream broke off")
