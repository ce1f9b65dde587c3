"""Result -> the contract's JSON, and JSON with pictures as it is sent."""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cutout.comparison import Comparison
from cutout.jobs import Output
from cutout.models.combination import licence_of, name_of
from cutout.models.spec import ModelSpec
from cutout.models.status import EngineReport
from cutout.pixels.plain import Box, Size
from cutout.results import Cutout, CutoutFile, Failure, ModelResult, Result
from cutout.telemetry.spans import rounded
from serve_app.responses.errors import reason

CHUNK_BYTES = 1024 * 1024


def job_body(output: Output, result: Result, specs: Mapping[str, ModelSpec]) -> dict[str, Any]:
    """A job's results, in the contract's form."""
    return {
        "job_id": result.job_id,
        "status": result.status,
        "processing_time_ms": round(result.wall_ms),
        "results": [
            model_body(output, one, specs, result.input_size) | score_body(result.comparison, one.model_id)
            for one in result.results
        ],
        "total_cost_usd": result.total_cost_usd,
        "skipped": result.skipped,
        **comparison_body(result.comparison),
    }


def model_body(output: Output, one: ModelResult, specs: Mapping[str, ModelSpec], input_size: Size) -> dict[str, Any]:
    """One model's part of it."""
    body = _process_result(one, specs, input_size) if output.factor else _remove_result(one, specs)
    if output.masked:
        body["mask_base64"] = one.outcome.mask if isinstance(one.outcome, CutoutFile) else None
    return body


def score_body(comparison: Comparison | None, model_id: str) -> dict[str, Any]:
    """How a model's cutout compares with the others; nothing where there are none, or it failed."""
    if comparison is None or model_id not in comparison.scores:
        return {}
    score = comparison.scores[model_id]
    return {
        "agreement": _share(score.agreement),
        "sharpness": _share(score.sharpness),
        "edge_alignment": _share(score.edge_alignment),
        "score": _share(score.score),
    }


def comparison_body(comparison: Comparison | None) -> dict[str, Any]:
    """What a comparison says of an answer as a whole; nothing where there is none."""
    if comparison is None:
        return {}
    return {
        "selected_model_id": comparison.selected_model_id,
        "agreement": _share(comparison.agreement),
        "needs_review": comparison.review_reason is not None,
        "review_reason": comparison.review_reason,
    }


def _remove_result(result: ModelResult, specs: Mapping[str, ModelSpec]) -> dict[str, Any]:
    good = isinstance(result.outcome, Cutout)
    return _model_result(result, specs, {"status": "success" if good else "error"}) | {"image_url": None}


def _process_result(result: ModelResult, specs: Mapping[str, ModelSpec], input_size: Size) -> dict[str, Any]:
    outcome = result.outcome
    if isinstance(outcome, Cutout):
        stages = {"bg_removal_status": "success", "upscale_status": "success"}
    elif outcome.stage == "upscale":
        stages = {"bg_removal_status": "success", "upscale_status": "error"}
    else:
        stages = {"bg_removal_status": "error", "upscale_status": "skipped"}
    return _model_result(result, specs, stages) | {
        "input_dimensions": _dimensions(input_size),
        "output_dimensions": _dimensions(outcome.size) if isinstance(outcome, Cutout) else None,
    }


def _model_result(result: ModelResult, specs: Mapping[str, ModelSpec], stages: dict[str, str]) -> dict[str, Any]:
    """What both endpoints say of a model, in the contract's order; ours comes last."""
    outcome = result.outcome
    sources = outcome.sources if isinstance(outcome, Cutout) else ()
    source_id, words = (result.model_id, "") if isinstance(outcome, Failure) else (outcome.source_id, outcome.words)
    licence = licence_of(source_id, sources, specs)
    ours: dict[str, Any] = {"licence": licence.name, "commercial_use": licence.commercial}
    if isinstance(outcome, Cutout):
        ours |= {"engine": engine_body(outcome.engine), "times_ms": rounded(outcome.times_ms), "note": outcome.note}
        ours |= {"box": _box(outcome.box), "frame": _box(outcome.frame)}
        ours |= {"semi_transparent": outcome.semi_transparent}
        ours |= {"sources": list(sources)} if sources else {}
        ours |= {"edited_from": outcome.edited_from} if outcome.edited_from else {}
    else:
        ours |= reason(outcome)
    return {
        "model_id": result.model_id,
        "model_name": name_of(source_id, specs) + words,
        **stages,
        "image_base64": outcome.encoded if isinstance(outcome, CutoutFile) else None,
        "processing_time_ms": round(result.wall_ms),
        "cost_usd": outcome.cost_usd,
        **ours,
    }


def engine_body(engine: EngineReport | None) -> dict[str, Any] | None:
    """What really ran the model."""
    if engine is None:
        return None
    return {"name": engine.name, "device": engine.device, "weights": engine.weights, "warning": engine.warning}


def _dimensions(size: Size) -> dict[str, int]:
    return {"width": size.width, "height": size.height}


def _box(box: Box | None) -> dict[str, int] | None:
    return asdict(box) if box else None


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def json_parts(content: Any) -> list[bytes]:
    """JSON in parts, to be sent one after the other; bytes in `content` become base64 text.

    A picture's base64 is a part of its own, and never copied into one large string.
    """
    mark, pictures = uuid.uuid4().hex, list[bytes]()

    def placeholder(value: object) -> str:
        if not isinstance(value, bytes):
            raise TypeError(f"{type(value).__name__} cannot be written as JSON")
        pictures.append(base64.b64encode(value))
        return mark

    texts = json.dumps(content, default=placeholder, separators=(",", ":")).encode().split(mark.encode())
    return [texts[0]] + [part for pair in zip(pictures, texts[1:], strict=True) for part in pair]


class PicturesResponse(Response):
    """JSON with pictures, sent in chunks; a small one as a whole."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200) -> None:
        parts = json_parts(content)
        size = sum(map(len, parts))
        self._parts = parts if size > CHUNK_BYTES else [b"".join(parts)]
        super().__init__(None, status_code, {"Content-Length": str(size)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send the parts, none larger than CHUNK_BYTES."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in self._parts:
            for start in range(0, len(part), CHUNK_BYTES):
                end = start + CHUNK_BYTES
                more = part is not self._parts[-1] or end < len(part)
                await send({"type": "http.response.body", "body": part[start:end], "more_body": more})
