"""Somebody who collects traces: OTLP over HTTP, kept in memory."""

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Collector:
    """Spans as they came; `app` is its HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.app = Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])])

    def of(self, trace_id: str) -> list[Any]:
        """The spans of one trace, its id in hex."""
        return [span for span in self.spans if span.trace_id.hex() == trace_id]

    async def _take(self, request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(await request.body())
        self.spans += [span for of in sent.resource_spans for scope in of.scope_spans for span in scope.spans]
        return Response(b"", media_type="application/x-protobuf")
