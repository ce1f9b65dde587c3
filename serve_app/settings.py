"""What the environment says; read here and nowhere else in this ring, but for the command's own PORT."""

import os
import random
import socket
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from sysconfig import get_path
from tempfile import gettempdir

from cutout.errors import ConfigurationError
from serve_app.process.child_processes import RUN_ID
from serve_app.process.hard_stop import HARD_STOP, RAYS_OWN_S

VERSION = version("cutout-shotgun")


def _path(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or default).expanduser().resolve()


def _optional_path(variable: str) -> Path | None:
    return _path(variable, "") if os.environ.get(variable) else None


def _data_dir() -> Path:
    return _path("CUTOUT_DATA_DIR", "~/.cutout-shotgun")


def _pictures() -> str:
    return os.environ.get("CUTOUT_PICTURES") or str(_data_dir() / "pictures")


def _database_url() -> str:
    return os.environ.get("DATABASE_URL") or f"sqlite:///{_data_dir() / 'ledger.sqlite'}"


def _hard_stop() -> str | None:
    return os.environ.get(HARD_STOP, RAYS_OWN_S) if os.environ.get("RAY_SERVE_ENABLE_HA_PROXY") == "1" else None


@dataclass(frozen=True, slots=True)
class Settings:
    """Places, each from an environment variable."""

    config_dir: Path = field(default_factory=lambda: _path("CUTOUT_CONFIG_DIR", "configs"))
    """CUTOUT_CONFIG_DIR: where service.yaml and models/ lie."""
    data_dir: Path = field(default_factory=_data_dir)
    """CUTOUT_DATA_DIR: what must survive a restart, and compiled models."""

    database_url: str = field(default_factory=_database_url)
    """DATABASE_URL: where jobs and picks are kept; a SQLite file in the data folder unless set."""
    api_keys_file: Path | None = field(default_factory=lambda: _optional_path("CUTOUT_API_KEYS_FILE"))
    """CUTOUT_API_KEYS_FILE: with it, every request needs one of its keys."""

    pictures: str = field(default_factory=_pictures)
    """CUTOUT_PICTURES: where the pictures of jobs are kept: a folder, or s3://bucket/prefix."""
    url_secret: str | None = field(default_factory=lambda: os.environ.get("CUTOUT_URL_SECRET") or None, repr=False)
    """CUTOUT_URL_SECRET: signs the addresses of results; without it, a secret made once in the data folder."""

    public_url: str | None = field(default_factory=lambda: os.environ.get("CUTOUT_PUBLIC_URL") or None)
    """CUTOUT_PUBLIC_URL: the service's address as callers know it, instead of jobs.public_url."""

    hard_stop: str | None = field(default_factory=_hard_stop)
    """RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S, in seconds; None where no RAY_SERVE_ENABLE_HA_PROXY puts HAProxy before."""

    run_id: str = field(default_factory=lambda: os.environ.get(RUN_ID, ""))
    """The run of the service on this machine, as its command names it; empty on a cluster of somebody else's."""

    metrics_port: str | None = field(default_factory=lambda: os.environ.get("METRICS_PORT") or None)
    """METRICS_PORT: where Prometheus finds the metrics of this machine; a free port unless set."""

    traces_to: str | None = field(default_factory=lambda: os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None)
    """OTEL_EXPORTER_OTLP_ENDPOINT: who collects traces; nobody unless set."""

    def run_file(self, port: int) -> Path:
        """Where a service on `port` says that it runs."""
        return self.data_dir / f"run-{port}.json"


def ray_environment(run_id: str) -> dict[str, str]:
    """Ray's settings for this service, unless the operator has his own.

    HAProxy answers ten times as many requests as Serve's own proxy, and nothing of ours blocks an event loop, so that
    neither user code nor the router needs a thread of its own (docs/performance.md). HAProxy's files, its side ports,
    the ingress replicas' ports and that of Serve's own proxy, which HAProxy asks while it knows no ingress replica, are
    the run's own: two services on one machine would otherwise share ports 30000 and 8500, and one's HAProxy would send
    requests to the other's replicas without a word (ray 2.60). Idle workers are not started ahead of need.

    uvloop accepts one connection in each turn of its loop (libuv 1.52), asyncio all that wait: in a crowd of 200 a new
    connection waited for 3 s. Ray makes all its workers nice, by 15; here replicas that work on pixels are nice, and
    those who answer are not (cutout/pixels/cores.py).
    """
    folder = scratch_folder(run_id)
    first = _free_hundred()
    return {
        "RAY_TMPDIR": str(ray_folder()),
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
        "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(Path(get_path("scripts")) / "cutout-haproxy"),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(folder / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(folder / "admin.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(folder / "server-state"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(folder / "metrics.sock"),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(free_port()),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(free_port()),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(free_port()),
        "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT": str(free_port()),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(first),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(first + 99),
        HARD_STOP: "660",  # raised where limits.request_s is longer: hard_stop.py
        "FORWARDED_ALLOW_IPS": "",  # uvicorn would believe X-Forwarded-For from HAProxy, which passes on anybody's
        "RAY_USE_UVLOOP": "0",
        "RAY_worker_niceness": "0",
        "RAY_enable_worker_prestart": "0",
        "RAY_prestart_worker_first_driver": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def ray_folder() -> Path:
    """Where Ray keeps its sessions: sockets and logs; one a user.

    Ray's own /tmp/ray is shared by all users of a machine, and its `ray_current_cluster` may be anybody's.
    """
    return Path(gettempdir()) / f"cutout-ray-{os.geteuid()}"


def scratch_folder(run_id: str) -> Path:
    """What a run writes and needs no longer than itself."""
    return Path(gettempdir()) / f"cutout-{run_id[:8]}"


def _free_hundred() -> int:
    """First of a hundred ports of which this one is free, so that nobody else is likely to have taken the others.

    They lie below those that Linux gives away by itself, 32768 to 60999, Ray's own among them.
    """
    hundreds = list(range(20_000, 32_700, 100))
    random.shuffle(hundreds)
    return next(first for first in hundreds if _is_free(first))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def port_number(port: object, variable: str) -> int:
    """A port as somebody wrote it; raises ConfigurationError, naming the variable."""
    if not str(port).isdecimal() or not 0 < int(str(port)) < 65536:
        raise ConfigurationError(f"{variable}: a number from 1 to 65535 expected, not {port!r}")
    return int(str(port))


def free_port() -> int:
    """A port that nobody has taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
