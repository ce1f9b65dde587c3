"""A real Prometheus, Debian's, that scrapes the service."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from serve_app.settings import free_port
from tests.support.patience import HANG_S

RULES = Path(__file__).parent.parent.parent / "configs" / "prometheus"


def program(name: str) -> str:
    """Prometheus, or its promtool; without it the tests fail, and say how to get it."""
    found = shutil.which(name)
    assert found, f"{name} expected: `apt-get install prometheus`"
    return found


class Prometheus:
    """What it knows by now."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives; fails on one that Prometheus does not understand."""
        answer = self._http.get("/api/v1/query", params={"query": expression})
        assert answer.status_code == 200, f"{expression}: {answer.text}"
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def series(self, expression: str) -> list[dict[str, Any]]:
        """The series of an expression, once it gives any: what one look at a busy service missed the next one has."""
        deadline = time.monotonic() + HANG_S
        while not (found := self.query(expression)):
            assert time.monotonic() < deadline, f"{expression}: nothing after {HANG_S:g} s"
            time.sleep(0.25)
        return found

    def wait_for(self, expression: str) -> float:
        """The value of an expression, once it gives one."""
        return float(self.series(expression)[0]["value"][1])

    def names(self) -> set[str]:
        """Every metric that it has seen."""
        return set(self._http.get("/api/v1/label/__name__/values").json()["data"])


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[Prometheus]:
    """The shipped configuration, pointed at `target`, host and port, and in more of a hurry."""
    config = yaml.safe_load((RULES / "prometheus.yml").read_text())
    config["global"]["scrape_interval"] = "3s"  # which is also how long the service may take for an answer
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    shutil.copytree(RULES, folder, dirs_exist_ok=True)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = [program("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{address}", timeout=HANG_S, trust_env=False) as http:
            _wait_ready(http, process, folder / "log")
            yield Prometheus(http)
    finally:
        process.terminate()
        process.wait(HANG_S)


def _wait_ready(http: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + HANG_S
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            if http.get("/-/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
