"""The metrics of one replica, exported by Ray: its agent on each node is scraped by Prometheus."""

import threading
import time

import ray
from ray.serve import metrics

from cutout.telemetry.metrics import METRICS, NO_INSTRUMENTS, Instruments, Metric

REFRESH_S = 1.0
"""Ray's agent forgets a gauge that was not set within two reports, which are 10 s apart (ray 2.60)."""


class ServeInstruments(Instruments):
    """Every metric of metrics.py as Ray's, with the labels deployment, replica and application beside ours.

    A value costs about 10 microseconds (docs/instruments.md), and may come from any thread.
    """

    def __init__(self) -> None:
        self._metrics = {metric.name: _made(metric) for metric in METRICS}
        self._gauges: dict[tuple[str, tuple[str, ...]], float] = {}
        threading.Thread(target=self._refresh, name="gauges", daemon=True).start()

    def record(self, metric: Metric, value: float = 1.0, **labels: str) -> None:
        """See Instruments."""
        tags = {label: labels.get(label, "") for label in metric.labels}
        found = self._metrics[metric.name]
        if metric.kind == "histogram":
            found.observe(value, tags)
        elif metric.kind == "gauge":
            self._gauges[metric.name, tuple(tags.values())] = value
            found.set(value, tags)
        elif value > 0:  # Ray refuses to add nothing
            found.inc(value, tags)

    def _refresh(self) -> None:
        kinds = {metric.name: metric for metric in METRICS}
        while True:
            time.sleep(REFRESH_S)
            for (name, values), value in list(self._gauges.items()):
                self._metrics[name].set(value, dict(zip(kinds[name].labels, values, strict=True)))


def serve_instruments() -> Instruments:
    """The instruments of this replica; in Serve's local testing mode, which exports nothing, the no-op ones."""
    return ServeInstruments() if ray.is_initialized() else NO_INSTRUMENTS


def _made(metric: Metric) -> metrics.Counter | metrics.Gauge | metrics.Histogram:
    if metric.kind == "histogram":
        return metrics.Histogram(metric.name, metric.help, list(metric.buckets_s), metric.labels)
    kind = metrics.Counter if metric.kind == "counter" else metrics.Gauge
    return kind(metric.name, metric.help, metric.labels)
