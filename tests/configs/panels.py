"""The Grafana dashboard, as a test reads it."""

import json
from pathlib import Path

FILE = Path(__file__).parent.parent.parent / "configs" / "grafana" / "cutout.json"


def dashboard_expressions(rate_interval: str) -> list[str]:
    """Every expression of its panels, with the interval that Grafana would put in."""
    panels = json.loads(FILE.read_text())["panels"]
    return [target["expr"].replace("$__rate_interval", rate_interval) for p in panels for target in p["targets"]]
