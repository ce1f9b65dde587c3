"""The service as a user starts it: `python -m serve_app`, on a real Ray, over real HTTP, with real weights."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.deployments.networks import brightness_network
from tests.providers.kie import FakeKie
from tests.providers.runware import FakeRunware
from tests.providers.serving import Served

ROOT = Path(__file__).parent.parent.parent
CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True)
class Service:
    """A running service, and the stand-ins for its providers."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    folder: Path
    runware: FakeRunware
    kie: FakeKie

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(folder: Path, port: int, configs: Path = CONFIGS, **variables: str) -> subprocess.Popen[bytes]:
    """Start the service on the tests' own configs/; its output goes to `folder`/log."""
    shutil.copytree(configs, folder, dirs_exist_ok=True)
    birefnet = folder / "models" / "local_birefnet.yaml"
    if birefnet.exists():
        network = folder / "birefnet.onnx"
        brightness_network(network)
        birefnet.write_text(birefnet.read_text().replace("BIREFNET", str(network)))
    environment = {
        **os.environ,
        "PORT": str(port),
        "CUTOUT_CONFIG_DIR": str(folder),
        "CUTOUT_DATA_DIR": str(folder / "data"),
        **variables,
    }
    command = [sys.executable, "-m", "serve_app", str(folder / "serve_config.yaml")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)


def wait_ready(process: subprocess.Popen[bytes], folder: Path, timeout_s: float = 180) -> None:
    """Return once the service says that it is ready."""
    deadline = time.monotonic() + timeout_s
    while "is ready: http" not in (folder / "log").read_text():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.2)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all cluster tests, with fake providers over real HTTP."""
    folder, port = tmp_path_factory.mktemp("service"), free_port()
    runware, kie = FakeRunware(0.5), FakeKie(0.5)
    with Served(runware.app) as at_runware, Served(kie.api) as at_kie, Served(kie.files) as at_files:
        kie.files_url = at_files.url
        addresses = {"RUNWARE_BASE_URL": f"{at_runware.url}/v1", "KIE_BASE_URL": at_kie.url}
        keys = {"RUNWARE_API_KEY": "fake", "KIE_API_KEY": "fake"}
        process = start(folder, port, KIE_UPLOAD_URL=at_files.url, **addresses, **keys)
        try:
            wait_ready(process, folder)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as http:
                yield Service(process, http, folder, runware, kie)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
