"""Records the times and outcomes in a job's results as metrics and trace spans."""

import time
from collections.abc import Iterable, Mapping

from opentelemetry import trace

from cutout.results import Cutout, Failure, ModelResult
from cutout.telemetry.job_context import JOB_ID, current_job
from cutout.telemetry.metrics import MODEL_SECONDS, RESULTS, SPAN_SECONDS, Instruments

UPSCALER = ("upscale", "finish", "encode")
"""The upscaler's spans, which come last in a result."""
tracer = trace.get_tracer("cutout")


def record_result(instruments: Instruments, result: ModelResult) -> None:
    """Record one model's result, with the times measured in its replica, in the upscaler and in the ingress."""
    outcome = result.outcome
    instruments.record(RESULTS, model=result.model_id, outcome=_outcome_label(outcome))
    instruments.record(MODEL_SECONDS, result.wall_ms / 1000, model=result.model_id)
    if isinstance(outcome, Cutout):
        record_spans(instruments, outcome.times_ms, result.model_id)
    _trace(result)


def record_spans(instruments: Instruments, times_ms: Mapping[str, float], model_id: str = "") -> None:
    """Record times in ms by span; `model_id` is empty for work that belongs to no model."""
    for span, ms in times_ms.items():
        instruments.record(SPAN_SECONDS, ms / 1000, span=span, model=model_id)


def _outcome_label(outcome: Cutout | Failure) -> str:
    if isinstance(outcome, Cutout):
        return "success"
    return "unavailable" if outcome.unavailable else "failed"


def _trace(result: ModelResult) -> None:
    """Create the span of a model that has just finished, and of each part of its work, below the current span."""
    end = time.time_ns()
    model = tracer.start_span(
        f"model {result.model_id}",
        start_time=end - _ns(result.wall_ms),
        attributes={"cutout.model": result.model_id, JOB_ID: current_job()},
    )
    if model.is_recording():
        if isinstance(result.outcome, Cutout):
            _trace_parts(model, result.outcome.times_ms, end - _ns(result.wall_ms), end)
        else:
            model.set_status(trace.StatusCode.ERROR, result.outcome.message)
    model.end(end)


def _trace_parts(model: trace.Span, times_ms: Mapping[str, float], begin: int, end: int) -> None:
    """Spans of waiting and of the model's replica, laid out from the start; those of the upscaler, up to the end."""
    last = [span for span in UPSCALER if span in times_ms] if "finish" in times_ms else []
    first = [span for span in dict.fromkeys(("queue", *times_ms)) if span in times_ms and span not in last]
    _lay(model, first, times_ms, begin)
    _lay(model, last, times_ms, end - sum(_ns(times_ms[span]) for span in last))


def _lay(model: trace.Span, spans: Iterable[str], times_ms: Mapping[str, float], at: int) -> None:
    """Create the spans one after another, from time `at` in ns."""
    for name in spans:
        span = tracer.start_span(name, trace.set_span_in_context(model), start_time=at)
        at += _ns(times_ms[name])
        span.end(at)


def _ns(ms: float) -> int:
    return round(ms * 1_000_000)
