"""Traces, sent to OTEL_EXPORTER_OTLP_ENDPOINT if set: a span for each request, each model and each part of its work.

Starlette creates the span of a request, as part of its caller's trace. The spans of models are created in the ingress
or the job worker, from the times that results carry; no trace context has to reach a replica. Ray Serve 2.60 has traces
of its own, which are not used: for concurrent calls its spans do not nest.
"""

from importlib.util import find_spec

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from starlette.middleware.opentelemetry import OpenTelemetryMiddleware
from starlette.types import ASGIApp

from cutout.errors import ConfigurationError


def check_tracing(traces_to: str | None) -> None:
    """Check that the OTLP exporter is installed if traces are wanted.

    Raises:
        ConfigurationError: it is not installed.
    """
    if traces_to and find_spec("opentelemetry.exporter.otlp") is None:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT needs the exporter: pip install 'cutout-shotgun[tracing]'"
        )


def start_tracing(traces_to: str | None) -> None:
    """Send this process's spans by OTLP over HTTP, in a thread; OpenTelemetry's own variables configure it further."""
    if traces_to is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    provider = TracerProvider(
        resource=Resource({"service.name": "cutout-shotgun"}).merge(OTELResourceDetector().detect())
    )
    provider.add_span_processor(_WithoutQuery())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def traced(app: ASGIApp) -> ASGIApp:
    """The app with a span for each request, where this process sends spans."""
    return OpenTelemetryMiddleware(app) if isinstance(trace.get_tracer_provider(), TracerProvider) else app


class _WithoutQuery(SpanProcessor):
    """Removes the query from a request's span: it may contain a webhook secret, a signature or an address."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - OpenTelemetry's
        """See SpanProcessor."""
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "")
