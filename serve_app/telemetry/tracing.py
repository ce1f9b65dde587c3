"""Traces, where OTEL_EXPORTER_OTLP_ENDPOINT names who collects them: a span a request, a model and each of its spans.

FastAPI makes a request's span, part of its caller's trace. Those of models are made of the times that results carry, in
the ingress or where durable jobs are worked off: nothing has to cross to a replica for it. Ray Serve 2.60 has traces of
its own, which take no part here: where calls run side by side its spans do not nest.
"""

import time
from collections.abc import Iterable, Mapping
from importlib.util import find_spec

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from cutout.errors import ConfigurationError
from cutout.jobs import Cutout, ModelResult
from cutout.telemetry.job_context import JOB_ID, current_job

UPSCALER = ("upscale", "finish", "encode")
"""The upscaler's spans, the last of a result that has them."""
tracer = trace.get_tracer("cutout")


def check_tracing(traces_to: str | None) -> None:
    """Stop the start when traces are wanted and what sends them is not installed.

    Raises:
        ConfigurationError: it is not.
    """
    if traces_to and find_spec("opentelemetry.exporter.otlp") is None:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, so the exporter is expected: pip install 'cutout-shotgun[tracing]'"
        )


def start_tracing(traces_to: str | None) -> None:
    """Send this process's spans by OTLP over HTTP, from a thread; OpenTelemetry's own variables say how, and which."""
    if traces_to is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    provider = TracerProvider(
        resource=Resource({"service.name": "cutout-shotgun"}).merge(OTELResourceDetector().detect())
    )
    provider.add_span_processor(_WithoutQuery())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


class _WithoutQuery(SpanProcessor):
    """Takes the query out of a request's span: it may hold a webhook's secret, a signature, somebody's address."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - OpenTelemetry's
        """See SpanProcessor."""
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "")


def trace_result(result: ModelResult) -> None:
    """The span of one model that has just ended, and of each part of its work, below the span at hand."""
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
    """Spans of the ingress's waiting and of the model's replica from the begin on, those of the upscaler to the end."""
    last = [span for span in UPSCALER if span in times_ms] if "finish" in times_ms else []
    first = [span for span in dict.fromkeys(("queue", *times_ms)) if span in times_ms and span not in last]
    _lay(model, first, times_ms, begin)
    _lay(model, last, times_ms, end - sum(_ns(times_ms[span]) for span in last))


def _lay(model: trace.Span, spans: Iterable[str], times_ms: Mapping[str, float], at: int) -> None:
    """One span after the other."""
    for name in spans:
        span = tracer.start_span(name, trace.set_span_in_context(model), start_time=at)
        at += _ns(times_ms[name])
        span.end(at)


def _ns(ms: float) -> int:
    return round(ms * 1_000_000)
