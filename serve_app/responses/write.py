"""A job's result as one picture, or as an archive of all of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from starlette.responses import Response, StreamingResponse

from cutout.jobs import Output
from cutout.models.combination import licence_of
from cutout.models.spec import ModelSpec
from cutout.pixels.plain import MEDIA_TYPES, Box, OutputFormat
from cutout.results import Cutout, CutoutFile, Failure, ModelResult, Result
from serve_app.fanout.winner import WinnerChoice, best
from serve_app.requests.accept import ZIP, Reply
from serve_app.responses.archive import zipped
from serve_app.responses.bodies import PicturesResponse, job_body
from serve_app.responses.errors import all_failed, error_response

HEADERS = {
    "X-Job-Id": "Of a picture or an archive: the job's id.",
    "X-Cutout-Model": "Of a picture: the model's id.",
    "X-Cutout-Cost-Usd": "Of a picture or an archive: cost of the whole request.",
    "X-Cutout-Time-Ms": "Of a picture or an archive: time of the whole request.",
    "X-Cutout-Commercial-Use": "Of a picture: `true` when it may be sold.",
    "X-Cutout-Box": "Of a picture: the subject within it, `left top width height` in pixels.",
    "X-Cutout-Frame": "Of a crop: what it shows of the whole cutout, `left top width height` in pixels.",
    "X-Cutout-Semi-Transparent": "Of a picture: share of semi-transparent pixels among those that are not transparent.",
}

C = TypeVar("C", bound=Cutout)
Load: TypeAlias = Callable[[C], Awaitable[CutoutFile]]
"""A cutout -> the same with its files."""


async def loaded(file: CutoutFile) -> CutoutFile:
    """`Load` of a cutout that has its files."""
    return file


async def write(
    reply: Reply,
    output: Output,
    result: Result[C],
    specs: Mapping[str, ModelSpec],
    load: Load[C],
    *,
    winner: WinnerChoice | None = None,
) -> Response:
    """The results of a job, in the form that was negotiated; an error in JSON when every model failed."""
    if result.status != "failed" and reply.kind == "picture":
        cutout = winner.winner(result) if winner else best(result)
        return picture_response(output, result, await load(cutout), specs)
    if result.status != "failed" and reply.kind == "zip":
        return zip_response(output, result, specs, load)
    results = [await _with_files(one, load) for one in result.results]
    bare: Result = result
    body = job_body(output, replace(bare, results=tuple(results)), specs)
    if result.status == "failed":
        return error_response(all_failed(result), body)
    return await asyncio.to_thread(PicturesResponse, body)


async def _with_files(one: ModelResult[C], load: Load[C]) -> ModelResult:
    outcome = one.outcome
    return one if isinstance(outcome, Failure) else ModelResult(one.model_id, await load(outcome), one.wall_ms)


def picture_response(output: Output, result: Result[C], cutout: CutoutFile, specs: Mapping[str, ModelSpec]) -> Response:
    """One model's picture; headers tell what is known of it."""
    licence = licence_of(cutout.source_id, cutout.sources, specs)
    headers = {
        "X-Cutout-Model": cutout.model_id,
        "X-Cutout-Commercial-Use": str(licence.commercial).lower(),
        **_job_headers(result),
        **_box_header("X-Cutout-Box", cutout.box),
        **_box_header("X-Cutout-Frame", cutout.frame),
        **_share_header(cutout.semi_transparent),
    }
    return _picture(cutout.encoded, output.format, cutout.model_id, headers)


def upscaled_response(job_id: str, encoded: bytes, output_format: OutputFormat, wall_ms: float) -> Response:
    """The enlarged picture."""
    headers = {"X-Job-Id": job_id, "X-Cutout-Cost-Usd": "0.000000", "X-Cutout-Time-Ms": str(round(wall_ms))}
    return _picture(encoded, output_format, "upscaled", headers)


def zip_response(output: Output, result: Result[C], specs: Mapping[str, ModelSpec], load: Load[C]) -> Response:
    """Every picture by its model's name, and results.json beside them: the JSON answer, its pictures as file names."""
    headers = {"Content-Disposition": f'attachment; filename="{result.job_id}.zip"', **_job_headers(result)}
    return StreamingResponse(zipped(_files(output, result, specs, load)), 200, headers, ZIP)


async def _files(
    output: Output, result: Result[C], specs: Mapping[str, ModelSpec], load: Load[C]
) -> AsyncIterator[tuple[str, bytes]]:
    body = job_body(output, result, specs)
    body["results"] = [
        _with_names(output, one, spoken) for one, spoken in zip(result.results, body["results"], strict=True)
    ]
    yield "results.json", await asyncio.to_thread(lambda: json.dumps(body, indent=1).encode())
    for one in result.results:
        if not isinstance(one.outcome, Failure):
            names, file = file_names(output, one), await load(one.outcome)
            yield names["file"], file.encoded
            if file.mask is not None:
                yield names["mask_file"], file.mask


def file_names(output: Output, one: ModelResult) -> dict[str, str]:
    """Names of a model's files, by the field that has them in results.json; none when it failed."""
    if not isinstance(one.outcome, Cutout):
        return {}
    mask = {"mask_file": f"{one.model_id}.mask.png"} if output.masked else {}
    return {"file": f"{one.model_id}.{output.format}"} | mask


def _with_names(output: Output, one: ModelResult, body: dict[str, Any]) -> dict[str, Any]:
    bare = {name: value for name, value in body.items() if name not in ("image_base64", "mask_base64", "image_url")}
    return bare | file_names(output, one)


def _picture(data: bytes, output_format: OutputFormat, name: str, headers: dict[str, str]) -> Response:
    disposition = {"Content-Disposition": f'inline; filename="{name}.{output_format}"'}
    safe = {"X-Content-Type-Options": "nosniff"}
    return Response(data, 200, {**disposition, **safe, **headers}, MEDIA_TYPES[output_format])


def _job_headers(result: Result) -> dict[str, str]:
    return {
        "X-Job-Id": result.job_id,
        "X-Cutout-Cost-Usd": f"{result.total_cost_usd:.6f}",
        "X-Cutout-Time-Ms": str(round(result.wall_ms)),
    }


def _box_header(name: str, box: Box | None) -> dict[str, str]:
    """`left top width height`, in pixels."""
    return {name: f"{box.left} {box.top} {box.width} {box.height}"} if box else {}


def _share_header(semi_transparent: float | None) -> dict[str, str]:
    return {} if semi_transparent is None else {"X-Cutout-Semi-Transparent": f"{semi_transparent:.6g}"}
