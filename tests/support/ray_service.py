"""The service with fakes as models, started as a user starts it, and its processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from benchmarks.processes import free_port, started, wait_until
from serve_app.process.child_processes import members, running
from serve_app.settings import RUN_ID
from tests.support.patience import HANG_S

OWN = ("Ingress", "Upscaler", "Detailer", "Combiner", "Ledger", "Jobs")
PROMPT = {"upscale_delay_s": 0.5, "downscale_delay_s": 3, "look_back_period_s": 2, "metrics_interval_s": 0.5}
"""Autoscaling that answers to a load within seconds, for a test of half a minute."""


@dataclass(frozen=True, slots=True)
class Fake:
    """A model without weights that takes its time and no processor; `entry` is its own in serve_config.yaml."""

    delay_s: float
    entry: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    """What is different in its registry file, such as another backend."""


STEADY = Fake(0.1, {"max_ongoing_requests": 4, "max_queued_requests": 64, "num_replicas": 2})
TWO_INGRESSES = {"Ingress": {"autoscaling_config": None, "num_replicas": 2}}


@dataclass(frozen=True, slots=True)
class Running:
    """A running service of fakes."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    address: str
    fakes: Mapping[str, Fake]

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    @property
    def run_id(self) -> str:
        """The mark of its processes."""
        run = running(self.data / f"run-{self.address.rpartition(':')[2]}.json")
        if run is None:
            raise RuntimeError("the service has ended")
        return run.run_id

    def pids(self, title: str) -> list[int]:
        """Processes whose command line has `title`, such as `ServeReplica:cutout:slow`; on each node of a Cluster."""
        marks = {self.run_id, os.environ.get(RUN_ID, self.run_id)}  # the nodes carry the mark of who started them
        return [pid for mark in marks for pid in members(mark) if title in _command(pid)]

    def replicas(self, deployment: str) -> list[int]:
        """Processes of a deployment's replicas."""
        return self.pids(f"ServeReplica:cutout:{deployment}")

    def kill(self, title: str, *, one: bool = False) -> float:
        """SIGKILL to every process of that title, or to one of them; when, by time.monotonic."""
        found = self.pids(title)[: 1 if one else None]
        if not found:
            raise RuntimeError(f"no process {title}")
        moment = time.monotonic()
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return moment

    def apply(self, changes: Mapping[str, Mapping[str, Any]], **args: Any) -> None:
        """Change deployments' entries while the service runs, by the operator's own command.

        With `args` for build_app, which differ from those before, every replica is replaced.
        """
        file = self.change(changes, **args)
        own = {"PORT": self.address.rpartition(":")[2], **variables(self.folder)}
        command = [sys.executable, "-m", "serve_app", "apply", str(file)]
        subprocess.run(command, env={**os.environ, **own}, check=True, timeout=HANG_S)

    def change(self, changes: Mapping[str, Mapping[str, Any]], **args: Any) -> Path:
        """The service's Serve configuration with other entries, or args; not applied yet."""
        return write(self.folder, self.fakes, changes, args)

    def health(self) -> dict[str, Any]:
        """GET /health."""
        body: dict[str, Any] = httpx.get(f"{self.address}/health", timeout=HANG_S, trust_env=False).json()
        return body


def autoscaled(least: int, most: int) -> dict[str, Any]:
    """An entry of one picture a replica, from `least` to `most` replicas, promptly."""
    scaling = {"min_replicas": least, "initial_replicas": least, "max_replicas": most, "target_ongoing_requests": 1}
    return {"max_ongoing_requests": 1, "max_queued_requests": 64, "autoscaling_config": scaling | PROMPT}


@contextmanager
def serving(
    folder: Path,
    fakes: Mapping[str, Fake],
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    **more: str,
) -> Iterator[Running]:
    """The service on a free port, ended by SIGTERM; `changes` go into the entries of its own deployments.

    `more` are variables of its environment.
    """
    port, log = free_port(), folder / "log"
    file = write(folder, fakes, changes or {})
    environment = {**os.environ, **variables(folder), "PORT": str(port), **more}
    command = [sys.executable, "-m", "serve_app", str(file)]
    with started(command, environment, log) as process:
        wait_until(lambda: "is ready: http" in log.read_text(errors="replace"), process, log, HANG_S)
        yield Running(process, folder, f"http://127.0.0.1:{port}", fakes)


def write(
    folder: Path,
    fakes: Mapping[str, Fake],
    changes: Mapping[str, Mapping[str, Any]],
    args: Mapping[str, Any] | None = None,
) -> Path:
    """configs/ of the fakes in `folder`, and a Serve configuration beside it, which is returned."""
    models = folder / "configs" / "models"
    models.mkdir(parents=True, exist_ok=True)
    for name, fake in fakes.items():
        model = {
            "name": name,
            "backend": "luminance",
            "licence": {"name": "MIT", "commercial": True},
            "timeout_s": HANG_S,
        }
        model |= {"decontaminate": False}  # luminance is soft everywhere: clean colours would be real work
        (models / f"{name}.yaml").write_text(json.dumps({**model, "options": {"delay_s": fake.delay_s}, **fake.model}))
    unlimited = {"requests_per_minute": 10_000, "concurrent_jobs": 1_000}
    service = {"access": {"tiers": {"default": unlimited}}, "jobs": {"concurrency": 64}, "retry_unavailable_s": 1}
    (folder / "configs" / "service.yaml").write_text(json.dumps(service))
    config = yaml.safe_load(Path("serve_config.yaml").read_text())
    entries = [entry for entry in config["applications"][0]["deployments"] if entry["name"] in OWN]
    entries += [{"name": name, "ray_actor_options": {"num_cpus": 0.1}, **fake.entry} for name, fake in fakes.items()]
    entries = [entry | changes.get(entry["name"], {}) for entry in entries]
    entries = [{name: value for name, value in entry.items() if value is not None} for entry in entries]
    config["applications"][0] |= {"deployments": entries, "args": dict(args or {})}
    file = folder / "serve_config.yaml"
    file.write_text(json.dumps(config))
    return file


def wait_for(state: Callable[[], bool], within_s: float, what: str) -> float:
    """Seconds until it is so.

    Raises:
        TimeoutError: it did not become so; the message says what.
    """
    begun = time.monotonic()
    while not state():
        if time.monotonic() - begun > within_s:
            raise TimeoutError(f"{what} expected within {within_s:g} s")
        time.sleep(0.1)
    return time.monotonic() - begun


def variables(folder: Path) -> dict[str, str]:
    """Where a service in `folder` finds its configuration, and keeps its data."""
    return {"CUTOUT_CONFIG_DIR": str(folder / "configs"), "CUTOUT_DATA_DIR": str(folder / "data")}


def _command(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""  # it has ended
