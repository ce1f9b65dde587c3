"""Records the times and outcomes in a job's results as metrics and trace spans."""

from collections.abc import Mapping

from cutout.jobs import Cutout, Failure, ModelResult
from cutout.telemetry.metrics import MODEL_SECONDS, RESULTS, SPAN_SECONDS, Instruments
from serve_app.telemetry.tracing import trace_result


def record_result(instruments: Instruments, result: ModelResult) -> None:
    """Record one model's result, with the times measured in its replica, in the upscaler and in the ingress."""
    outcome = result.outcome
    instruments.record(RESULTS, model=result.model_id, outcome=_outcome_label(outcome))
    instruments.record(MODEL_SECONDS, result.wall_ms / 1000, model=result.model_id)
    if isinstance(outcome, Cutout):
        record_spans(instruments, outcome.times_ms, result.model_id)
    trace_result(result)


def record_spans(instruments: Instruments, times_ms: Mapping[str, float], model_id: str = "") -> None:
    """Record times in ms by span; `model_id` is empty for work that belongs to no model."""
    for span, ms in times_ms.items():
        instruments.record(SPAN_SECONDS, ms / 1000, span=span, model=model_id)


def _outcome_label(outcome: Cutout | Failure) -> str:
    if isinstance(outcome, Cutout):
        return "success"
    return "unavailable" if outcome.unavailable else "failed"
