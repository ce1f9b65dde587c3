"""The files for Prometheus and Grafana, and the page that tells of the metrics, against the code."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from cutout.telemetry.metrics import METRICS, Metric
from tests.cluster.prometheus import RULES, program
from tests.configs.panels import dashboard_expressions
from tests.support.patience import HANG_S

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "instruments.md"
OURS = re.compile(r"ray_(cutout_[a-z_]+)")


def series(metric: Metric) -> set[str]:
    """What Prometheus calls a metric."""
    return {metric.name + suffix for suffix in ("_bucket", "_count", "_sum")} if metric.buckets_s else {metric.name}


KNOWN = {name for metric in METRICS for name in series(metric)}


def row(metric: Metric) -> str:
    """A metric's line in the page."""
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `ray_{metric.name}` | {metric.kind} | {labels} | {metric.help} |"


def test_the_page_names_every_metric() -> None:
    """docs/instruments.md has each metric with its kind, labels and meaning as in the code, and no other metric."""
    page = PAGE.read_text()

    assert [row(metric) for metric in METRICS if row(metric) not in page] == []
    assert set(OURS.findall(page)) <= KNOWN | {metric.name for metric in METRICS}


def test_the_dashboard_names_metrics_that_there_are() -> None:
    """Every metric of ours in the dashboard is one of the code's, and every one of the code's that it needs is used."""
    used = {name for expression in dashboard_expressions("1m") for name in OURS.findall(expression)}

    assert used <= KNOWN
    assert {metric.name for metric in METRICS if not series(metric) & used} == set()


def test_the_alerts_name_metrics_that_there_are() -> None:
    """Every metric of ours in an alert is one of the code's, and every label compared is one of its labels."""
    rules = yaml.safe_load((RULES / "alerts.yml").read_text())["groups"][0]["rules"]
    labels = {name: metric.labels for metric in METRICS for name in series(metric)}

    for rule in rules:
        assert set(OURS.findall(rule["expr"])) <= KNOWN, rule["alert"]
        for name, selector in re.findall(r"ray_(cutout_\w+)\{([^}]*)\}", rule["expr"]):
            assert set(re.findall(r"(\w+)[=!]", selector)) <= set(labels[name]), rule["alert"]


@pytest.mark.parametrize("command", [["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]])
def test_promtool_agrees(command: list[str]) -> None:
    """Promtool takes the configuration, and alerts fire when they must and are silent when they need not."""
    ended = subprocess.run(
        [program("promtool"), *command], cwd=RULES, capture_output=True, text=True, timeout=HANG_S, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
