"""Spans made of the times that results carry. That they reach a collector is shown in tests/cluster/."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from cutout.errors import ConfigurationError, ProviderError
from cutout.models.status import EngineReport
from cutout.pixels.plain import Size
from cutout.results import Cutout, Failure, ModelResult
from cutout.telemetry.job_context import JOB_ID
from cutout.telemetry.metrics import NO_INSTRUMENTS
from serve_app.app import create_app
from serve_app.telemetry import results, tracing
from serve_app.telemetry.results import record_result
from tests.support.durable_jobs import picture
from tests.support.in_process import Memory, model, registry, shotgun

TIMES_MS = {"infer": 200.0, "composite": 10.0, "upscale": 30.0, "finish": 0.0, "encode": 20.0, "queue": 5.0}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Where spans go, for this test alone."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(results, "tracer", provider.get_tracer("test"))
    return exporter


def laid_out(model: ReadableSpan, part: ReadableSpan) -> tuple[float, float]:
    """Begin and length of a part, in ms after its model's begin."""
    assert part.parent is not None
    assert part.parent.span_id == model.context.span_id
    assert model.start_time
    assert part.start_time
    assert part.end_time
    return round((part.start_time - model.start_time) / 1e6, 3), round((part.end_time - part.start_time) / 1e6, 3)


def test_parts_are_laid_out_in_order(exported: InMemorySpanExporter) -> None:
    """Waiting and the model's own work follow from the begin on; the upscaler's ends with the result."""
    cutout = Cutout("a", Size(2, 2), 0.0, EngineReport("onnxruntime", "CPU"), times_ms=TIMES_MS)

    record_result(NO_INSTRUMENTS, ModelResult("a", cutout, 300.0))

    *parts, model = exported.get_finished_spans()
    assert model.name == "model a"
    assert {part.name: laid_out(model, part) for part in parts} == {
        "queue": (0, 5),
        "infer": (5, 200),
        "composite": (205, 10),
        "upscale": (250, 30),
        "finish": (280, 0),
        "encode": (280, 20),
    }


def test_a_failure_is_marked(exported: InMemorySpanExporter) -> None:
    """A model that failed is a span with its public sentence, and has no parts."""
    record_result(NO_INSTRUMENTS, ModelResult("a", Failure.of("a", ProviderError("A answered 500")), 40.0))

    (model,) = exported.get_finished_spans()
    assert (model.status.status_code, model.status.description) == (StatusCode.ERROR, "A answered 500")


def test_a_missing_exporter_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces that are wanted and cannot be sent are one sentence that says what to install; else nothing is asked."""
    tracing.check_tracing("http://127.0.0.1:4318")
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)

    tracing.check_tracing(None)
    with pytest.raises(ConfigurationError, match=r"pip install 'cutout-shotgun\[tracing\]'"):
        tracing.check_tracing("http://127.0.0.1:4318")


def test_a_request_has_a_span(exported: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is part of its caller's trace, named as the table has its path, above its models', and without its query."""
    provider = TracerProvider()
    provider.add_span_processor(tracing._WithoutQuery())
    provider.add_span_processor(SimpleSpanProcessor(exported))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    client = TestClient(create_app(shotgun(registry(model("first"))), Memory()))

    headers = {"traceparent": f"00-{7:032x}-{3:016x}-01", "Content-Type": "image/png"}

    answer = client.post("/remove-background?include_models=first", content=picture(), headers=headers)

    assert answer.status_code == 200, answer.text
    spans = {span.name: span for span in exported.get_finished_spans()}
    request, of_model = spans["POST /remove-background"], spans["model first"]
    assert request.parent is not None
    assert of_model.parent is not None
    assert (request.context.trace_id, request.parent.span_id) == (7, 3)
    assert of_model.parent.span_id == request.context.span_id
    assert request.attributes is not None
    assert request.attributes["url.query"] == ""
    assert request.attributes[JOB_ID]


def test_nothing_is_traced_without_a_collector() -> None:
    """A service whose spans nobody collects has no middleware for them."""
    assert tracing.traced(no_app) is no_app


async def no_app(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that answers nothing."""
