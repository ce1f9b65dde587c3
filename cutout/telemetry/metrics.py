"""The service's metrics, with their labels, and the interface that records them.

Ray prefixes the names with `ray_` and adds its own labels. docs/instruments.md explains the metrics to operators.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]
SPAN_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""From the fastest span to the slowest model's timeout; at most a factor of 2.5 apart where the budgets lie."""
REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""From a health check to `limits.request_s`."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric; one time series for each combination of label values."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    """One sentence, with the unit."""
    buckets_s: tuple[float, ...] = ()
    """Upper bounds of a histogram, in seconds."""


REQUESTS: Final = Metric(
    "cutout_requests_total",
    "counter",
    ("endpoint", "method", "status"),
    "Requests answered; 499: the caller closed the connection.",
)
REQUEST_SECONDS: Final = Metric(
    "cutout_request_seconds",
    "histogram",
    ("endpoint",),
    "Time from a request's head to the last byte of its response.",
    REQUEST_BUCKETS_S,
)
REFUSALS: Final = Metric("cutout_refusals_total", "counter", ("kind",), "Requests answered with an error, by its type.")
SPAN_SECONDS: Final = Metric(
    "cutout_span_seconds",
    "histogram",
    ("span", "model"),
    "Time in a span: queue, fetch, decode, infer, refine, fuse, composite, measure, upscale, finish, encode, post.",
    SPAN_BUCKETS_S,
)
RESULTS: Final = Metric(
    "cutout_results_total",
    "counter",
    ("model", "outcome"),
    "Results of models: success, failed, unavailable.",
)
MODEL_SECONDS: Final = Metric(
    "cutout_model_seconds",
    "histogram",
    ("model",),
    "Time from the fan-out to a model's finished picture.",
    SPAN_BUCKETS_S,
)
MODEL_READY: Final = Metric("cutout_model_ready", "gauge", ("model",), "1: the model is ready; 0: it is not.")
PROVIDER_CALLS: Final = Metric(
    "cutout_provider_calls_total",
    "counter",
    ("provider", "model", "answer"),
    "Calls to a provider, by HTTP status, or timeout, unreachable, broken.",
)
PROVIDER_SECONDS: Final = Metric(
    "cutout_provider_call_seconds",
    "histogram",
    ("provider", "model"),
    "Time of one call to a provider.",
    SPAN_BUCKETS_S,
)
BREAKER: Final = Metric(
    "cutout_breaker_state", "gauge", ("provider", "model"), "Circuit breaker: 0 closed, 1 half open, 2 open."
)
SPENT: Final = Metric("cutout_spent_usd_total", "counter", ("provider", "model"), "USD booked for paid models.")
PICKS: Final = Metric("cutout_picks_total", "counter", ("model",), "Picks logged; none: the caller wanted no cutout.")
STORE_BYTES: Final = Metric("cutout_store_bytes", "gauge", (), "Bytes in the picture store.")
STORE_LIMIT: Final = Metric("cutout_store_limit_bytes", "gauge", (), "Limit of the picture store, in bytes.")

METRICS: Final = (
    REQUESTS, REQUEST_SECONDS, REFUSALS, SPAN_SECONDS, RESULTS, MODEL_SECONDS, MODEL_READY,
    PROVIDER_CALLS, PROVIDER_SECONDS, BREAKER, SPENT, PICKS, STORE_BYTES, STORE_LIMIT,
)  # fmt: skip


class Instruments:
    """Records metrics. This one is a no-op; deployments/instruments.py passes them to Ray."""

    def record(self, metric: Metric, value: float = 1.0, **labels: str) -> None:
        """Add to a counter, set a gauge, or observe a value in a histogram. A missing label is empty."""

    @contextmanager
    def timed(self, metric: Metric, **labels: str) -> Iterator[None]:
        """Observe how long the block takes, in seconds, whether or not it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.record(metric, time.perf_counter() - started, **labels)


class RecordedMetrics(Instruments):
    """Keeps every value in memory, for tests."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, frozenset[tuple[str, str]]], list[float]] = defaultdict(list)

    def record(self, metric: Metric, value: float = 1.0, **labels: str) -> None:
        """See Instruments."""
        if unknown := labels.keys() - set(metric.labels):
            raise ValueError(f"labels of {metric.name} expected: {', '.join(metric.labels)}; not {', '.join(unknown)}")
        self._values[metric.name, frozenset(labels.items())].append(value)

    def values(self, metric: Metric, **labels: str) -> list[float]:
        """All values of a metric with these labels; unordered across label combinations."""
        wanted = frozenset(labels.items())
        return [v for (name, has), kept in self._values.items() if name == metric.name and wanted <= has for v in kept]


NO_INSTRUMENTS: Final = Instruments()
