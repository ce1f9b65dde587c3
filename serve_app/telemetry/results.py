"""What a job's results say of time and success, told to the instruments and the trace in one place."""

from collections.abc import Mapping

from cutout.jobs import Cutout, Failure, ModelResult
from cutout.telemetry.metrics import MODEL_SECONDS, RESULTS, SPAN_SECONDS, Instruments
from serve_app.telemetry.tracing import trace_result


def record_result(instruments: Instruments, result: ModelResult) -> None:
    """One model's result, whose spans come from its replica, from the upscaler and from the way between."""
    outcome = result.outcome
    instruments.record(RESULTS, model=result.model_id, outcome=_word(outcome))
    instruments.record(MODEL_SECONDS, result.wall_ms / 1000, model=result.model_id)
    if isinstance(outcome, Cutout):
        record_spans(instruments, outcome.times_ms, result.model_id)
    trace_result(result)


def record_spans(instruments: Instruments, times_ms: Mapping[str, float], model_id: str = "") -> None:
    """Times in ms by span; without a model where none had a part in it."""
    for span, ms in times_ms.items():
        instruments.record(SPAN_SECONDS, ms / 1000, span=span, model=model_id)


def _word(outcome: Cutout | Failure) -> str:
    if isinstance(outcome, Cutout):
        return "success"
    return "unavailable" if outcome.unavailable else "failed"
