"""The service as a user starts it: `python -m serve_app`, on a real Ray, over real HTTP, with real weights."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve_app.settings import free_port
from tests.cluster.collector import Collector
from tests.providers.kie import FakeKie
from tests.providers.runware import FakeRunware
from tests.providers.serving import Served
from tests.support.onnx_networks import brightness_network
from tests.support.patience import HANG_S

ROOT = Path(__file__).parent.parent.parent
CONFIGS = Path(__file__).parent / "configs"
KEYS = {"RUNWARE_API_KEY": "key-of-runware-7f3a", "KIE_API_KEY": "key-of-kie-91cc"}
HASTE = {
    "RAY_metrics_report_interval_ms": "4000",
    "OTEL_TRACES_SAMPLER": "parentbased_always_off",  # only a request that is part of a sampled trace
    "OTEL_BSP_SCHEDULE_DELAY": "200",
}
"""Instruments that tell in 4 s what they tell operators in 10; at 1 s Ray's agent takes a fifth of a core."""


@dataclass(frozen=True)
class Service:
    """A running service, and the stand-ins for its providers."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    folder: Path
    runware: FakeRunware
    kie: FakeKie
    collector: Collector
    metrics: str
    """Host and port where Prometheus finds the metrics."""

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def start(folder: Path, port: int, configs: Path = CONFIGS, **variables: str) -> subprocess.Popen[bytes]:
    """Start the service on the tests' own configs/; its output goes to `folder`/log."""
    shutil.copytree(configs, folder, dirs_exist_ok=True)
    birefnet = folder / "models" / "local_birefnet.yaml"
    if birefnet.exists():
        network = folder / "birefnet.onnx"
        brightness_network(network)
        birefnet.write_text(birefnet.read_text().replace("BIREFNET", str(network)))
    serve_config = folder / "serve_config.yaml"
    serve_config.write_text(serve_config.read_text().replace("LOGS", str(folder / "logs")))
    environment = {
        **os.environ,
        "PORT": str(port),
        "CUTOUT_CONFIG_DIR": str(folder),
        "CUTOUT_DATA_DIR": str(folder / "data"),
        **variables,
    }
    command = [sys.executable, "-m", "serve_app", str(serve_config)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)


def wait_ready(process: subprocess.Popen[bytes], folder: Path, timeout_s: float = HANG_S) -> None:
    """Return once the service says that it is ready."""
    deadline = time.monotonic() + timeout_s
    while "is ready: http" not in (folder / "log").read_text():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.2)


def readiness(http: httpx.Client, status: int) -> Any:
    """The body of /health/ready once it has this status; a model may be compiled for this processor first."""
    deadline = time.monotonic() + HANG_S
    while (ready := http.get("/health/ready")).status_code != status:
        assert time.monotonic() < deadline, ready.json()
        time.sleep(0.05)
    return ready.json()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests with a service of their own come first: beside the others' service, which lives on, they were slow."""
    items.sort(key=lambda item: item.path.parent == Path(__file__).parent and item.path.name != "test_killed.py")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all cluster tests, with fake providers over real HTTP."""
    folder, port, metrics_port = tmp_path_factory.mktemp("service"), free_port(), free_port()
    runware, kie, collector = FakeRunware(0.5), FakeKie(0.5), Collector()
    with (
        Served(runware.app) as at_runware,
        Served(kie.api) as at_kie,
        Served(kie.files) as at_files,
        Served(collector.app) as collecting,
    ):
        kie.files_url = at_files.url
        addresses = {"RUNWARE_BASE_URL": f"{at_runware.url}/v1", "KIE_BASE_URL": at_kie.url}
        addresses |= {"KIE_UPLOAD_URL": at_files.url, "OTEL_EXPORTER_OTLP_ENDPOINT": collecting.url}
        more = addresses | KEYS | HASTE
        process = start(folder, port, CONFIGS, METRICS_PORT=str(metrics_port), **more)
        try:
            wait_ready(process, folder)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=HANG_S, trust_env=False) as http:
                yield Service(process, http, folder, runware, kie, collector, f"127.0.0.1:{metrics_port}")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(HANG_S) == 0
