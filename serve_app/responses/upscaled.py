"""The result of POST /upscale -> the contract's JSON."""

from dataclasses import asdict
from typing import Any

from cutout.pixels.plain import Size
from cutout.results import Failure, Upscaled, UpscaledFile
from cutout.telemetry.spans import rounded
from serve_app.responses.errors import reason


def upscale_body(job_id: str, upscaled: UpscaledFile, factor: int, wall_ms: float) -> dict[str, Any]:
    """Answer of POST /upscale."""
    return {
        "job_id": job_id,
        "status": "completed",
        "input_dimensions": asdict(upscaled.input_size),
        "output_dimensions": asdict(upscaled.output_size),
        "scale_factor": factor,
        "alpha_preserved": upscaled.has_alpha,
        "processing_time_ms": round(wall_ms),
        "image_base64": upscaled.encoded,
        "cost_usd": 0.0,
        **_measured(upscaled),
    }


def upscale_result(factor: int, input_size: Size, outcome: Upscaled | Failure, wall_ms: float) -> dict[str, Any]:
    """The same of an upscale that is answered later, or why it failed; without its picture and address."""
    good = isinstance(outcome, Upscaled)
    return {
        "status": "success" if good else "error",
        "input_dimensions": asdict(input_size),
        "output_dimensions": asdict(outcome.output_size) if isinstance(outcome, Upscaled) else None,
        "scale_factor": factor,
        "alpha_preserved": outcome.has_alpha if isinstance(outcome, Upscaled) else None,
        "processing_time_ms": round(wall_ms),
        "image_base64": None,
        "cost_usd": 0.0,
        **(_measured(outcome) if isinstance(outcome, Upscaled) else reason(outcome)),
    }


def _measured(upscaled: Upscaled) -> dict[str, Any]:
    return {"times_ms": rounded(upscaled.times_ms), "semi_transparent": upscaled.semi_transparent}
