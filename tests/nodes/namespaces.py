"""Machines in small: network namespaces on one bridge, each with an address of its own, and a Ray node in each."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.processes import started, wait_until
from serve_app.settings import RUN_ID, ray_environment
from tests.support.patience import HANG_S
from tests.support.ray_service import Fake, Running, variables, write

BRIDGE = f"cut{os.getpid()}"
DOOR = 8000
"""Where the service listens, at each machine's own address."""
MISSING = [
    *(["root, who may make network namespaces"] if os.geteuid() != 0 else []),
    *(["the program ip (apt-get install iproute2)"] if shutil.which("ip") is None else []),
]
"""What is expected and not here."""


def ip(*arguments: str) -> None:
    """The program ip, of iproute2."""
    subprocess.run(["ip", *arguments], check=True, timeout=HANG_S)


@dataclass(frozen=True, slots=True)
class Machine:
    """A namespace and its address."""

    name: str
    address: str

    @property
    def inside(self) -> tuple[str, ...]:
        """What a command begins with that runs in it."""
        return ("ip", "netns", "exec", self.name)

    @property
    def received_bytes(self) -> int:
        """What came in by its cable so far."""
        return int((Path("/sys/class/net") / self.name / "statistics" / "tx_bytes").read_text())

    def has(self, pid: int) -> bool:
        """Whether a process runs in it."""
        try:
            return (Path("/proc") / str(pid) / "ns" / "net").stat().st_ino == Path(
                "/run/netns", self.name
            ).stat().st_ino
        except OSError:
            return False  # it has ended

    def kill(self) -> None:
        """SIGKILL to all that runs in it."""
        while left := [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if self.has(pid)]:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


class Network:
    """A bridge whose last address is the tests' own; nothing of it is left at the end."""

    def __init__(self, folder: Path, environment: Mapping[str, str], undo: ExitStack) -> None:
        self.machines: list[Machine] = []
        self.head: Machine | None = None
        self._folder, self._environment, self._undo = folder, environment, undo
        self._undone(("link", "add", BRIDGE, "type", "bridge"), ("link", "del", BRIDGE))
        ip("addr", "add", "10.77.0.254/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")

    @property
    def gcs(self) -> str:
        """For RAY_ADDRESS."""
        if self.head is None:
            raise RuntimeError("no head yet")
        return f"{self.head.address}:6379"

    def plug(self) -> Machine:
        """One more machine, on which nothing runs."""
        number = len(self.machines) + 1
        machine = Machine(f"{BRIDGE}n{number}", f"10.77.0.{number}")
        self._undone(("netns", "add", machine.name), ("netns", "del", machine.name))
        ip("link", "add", machine.name, "type", "veth", "peer", "name", "eth0", "netns", machine.name)
        ip("link", "set", machine.name, "master", BRIDGE, "up")
        ip("-n", machine.name, "addr", "add", f"{machine.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", machine.name, "link", "set", device, "up")
        self.machines.append(machine)
        return machine

    def join(self, **resources: Any) -> Machine:
        """One more machine, its Ray node in the cluster; the first one is the head."""
        machine = self.plug()
        self.head = self.head or machine
        self.ray(machine, **resources)
        return machine

    def ray(self, machine: Machine, **resources: Any) -> None:
        """Start a machine's Ray node, again if it died."""
        # The machines share a disk and a list of processes, by which a head would find itself to be there already.
        (self._folder / "ray_current_cluster").unlink(missing_ok=True)
        head = ("--head", "--port=6379", "--include-dashboard=false", f"--temp-dir={self._folder}")
        self.run(
            machine, "Ray runtime started", str(Path(sys.executable).with_name("ray")),
            "start", "--block", "--disable-usage-stats",
            f"--node-ip-address={machine.address}", "--object-store-memory=200000000",
            *(f"--{name}={value}" for name, value in resources.items()),
            *(head if machine == self.head else (f"--address={self.gcs}",)),
        )  # fmt: skip

    def run(self, machine: Machine, says: str, *command: str) -> None:
        """Start a program on a machine, and wait until it says that it runs."""
        log = self._folder / f"{machine.name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen([*machine.inside, *command], env=self._environment, stdout=output, stderr=output)
        self._undo.callback(process.wait, HANG_S)
        self._undo.callback(machine.kill)
        wait_until(lambda: says in log.read_text(), process, log, HANG_S)

    def _undone(self, done: tuple[str, ...], undone: tuple[str, ...]) -> None:
        ip(*done)
        self._undo.callback(ip, *undone)


@contextmanager
def network(**more: str) -> Iterator[Network]:
    """A network without machines, for a service of fakes in a folder of its own.

    The variables, and those that a node needs, are set in this process, too: whoever runs the service inherits them.
    """
    folder, run_id = Path(tempfile.mkdtemp(prefix="cut")), uuid.uuid4().hex  # a short path: sockets lie in it
    own = {**ray_environment(run_id), RUN_ID: run_id, "RAY_AUTH_MODE": "disabled", **variables(folder), **more}
    try:
        with pytest.MonkeyPatch.context() as environment, ExitStack() as undo:
            for name, value in own.items():
                environment.setenv(name, value)
            yield Network(folder, dict(os.environ), undo)
    finally:
        shutil.rmtree(folder)


@contextmanager
def serving(network: Network, fakes: Mapping[str, Fake], driver: Machine, log: Path) -> Iterator[Running]:
    """The service on its machines, with a door at each; `driver` is the one that runs `python -m serve_app`."""
    folder = Path(os.environ["CUTOUT_DATA_DIR"]).parent
    file = write(folder, fakes, {})
    file.write_text(json.dumps(json.loads(file.read_text()) | {"proxy_location": "EveryNode"}))
    rules = folder / "configs" / "service.yaml"
    settings = json.loads(rules.read_text())
    rules.write_text(json.dumps(settings | {"access": settings["access"] | {"allow_anonymous": True}}))
    command = [*driver.inside, sys.executable, "-m", "serve_app", str(file)]
    everywhere = {"HOST": "0.0.0.0", "PORT": str(DOOR)}
    with started(command, {**os.environ, "RAY_ADDRESS": network.gcs, **everywhere}, log) as process:
        wait_until(lambda: "is ready: http" in log.read_text(errors="replace"), process, log, HANG_S)
        yield Running(process, folder, f"http://{driver.address}:{DOOR}", fakes)
