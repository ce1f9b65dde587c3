"""Metrics: their names as Prometheus wants them, and what keeps them."""

import re

import pytest

from cutout.telemetry.metrics import METRICS, NO_INSTRUMENTS, REQUESTS, SPAN_SECONDS, RecordedMetrics


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_say_kind_and_unit(metric) -> None:  # type: ignore[no-untyped-def]
    """A counter ends in _total, a time in _seconds with rising buckets; a label is none that Ray Serve adds itself."""
    assert re.fullmatch(r"cutout_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith("_seconds") == (metric.kind == "histogram")
    assert list(metric.buckets_s) == sorted(set(metric.buckets_s))
    assert bool(metric.buckets_s) == (metric.kind == "histogram")
    assert not {"deployment", "replica", "application", "route"} & set(metric.labels)


def test_no_name_is_given_twice() -> None:
    """Every metric has a name of its own."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_what_is_kept_is_found_by_any_label() -> None:
    """Values are found under all of their labels and under some; a label that the metric does not have is an error."""
    kept = RecordedMetrics()
    kept.record(REQUESTS, endpoint="/health", method="GET", status="200")
    kept.record(REQUESTS, 2.0, endpoint="/health", method="GET", status="503")

    assert sorted(kept.values(REQUESTS, endpoint="/health")) == [1.0, 2.0]
    assert kept.values(REQUESTS, endpoint="/health", status="503") == [2.0]
    with pytest.raises(ValueError, match="labels of cutout_requests_total expected: endpoint, method, status"):
        kept.record(REQUESTS, path="/health")


def test_a_block_is_timed_however_it_ends() -> None:
    """A block that raises is observed like one that does not; without instruments nothing is kept and nothing fails."""
    kept = RecordedMetrics()
    with kept.timed(SPAN_SECONDS, span="fetch"), NO_INSTRUMENTS.timed(SPAN_SECONDS, span="fetch"):
        pass
    with pytest.raises(RuntimeError), kept.timed(SPAN_SECONDS, span="fetch"):
        raise RuntimeError

    assert len(kept.values(SPAN_SECONDS, span="fetch")) == 2
