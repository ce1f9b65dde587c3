"""Settings from environment variables. Only process/ reads others, such as PORT."""

import os
import random
import socket
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from sysconfig import get_path
from tempfile import gettempdir

from cutout.defaults import config_folder
from cutout.errors import ConfigurationError

VERSION = version("cutout-shotgun")
APP_NAME = "cutout"
"""The Serve application's name."""
RUN_ID = "CUTOUT_RUN_ID"
"""Variable that marks every process of one run of the service."""
HARD_STOP = "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S"
RAYS_OWN_S = "120"
"""Ray's default of HARD_STOP (2.60)."""
PROXY_STARTS = ("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "RAY_SERVE_HAPROXY_STARTUP_TIMEOUT_S")
PROXY_START_S = "240"
"""Longest start of HAProxy's actor and of HAProxy, in seconds. With Ray's own, 5 and 30, a busy machine killed the
actor, and the start of the service ended in a traceback (Ray 2.60)."""

RAY_RATES = {
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.75",
    "RAY_SERVE_METRICS_EXPORT_INTERVAL_MS": "5000",
    "REPORTER_UPDATE_INTERVAL_MS": "10000",
    "RAY_DASHBOARD_AGGREGATOR_AGENT_CHECK_MAIN_THREAD_LIVENESS_INTERVAL_SECONDS": "5",
    # Every worker checks for signals 100 times a second, and would note the time of each check.
    "RAY_event_stats": "0",
    "RAY_task_events_report_interval_ms": "0",
    "RAY_ray_events_report_interval_ms": "0",
    "RAY_io_context_monitor_probe_interval_ms": "10000",
    "RAY_report_worker_backlog_interval_ms": "5000",
    "RAY_gcs_pull_resource_loads_period_milliseconds": "5000",
    "RAY_kill_idle_workers_interval_ms": "1000",
    "RAY_object_manager_timer_freq_ms": "1000",
}
"""How often Ray's processes on this machine look for something, where its own rates are those of a large cluster: they
took a third of a core while nobody asked for anything (docs/operations.md, ray 2.60). How soon a death is noticed stays
as it is, but for the control loop, which then begins up to three quarters of a second later."""


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
    """Settings, each from one environment variable."""

    config_dir: Path = field(default_factory=lambda: _path("CUTOUT_CONFIG_DIR", str(config_folder())))
    """CUTOUT_CONFIG_DIR: the folder with service.yaml and models/; by default ./configs, or the installed one."""
    data_dir: Path = field(default_factory=_data_dir)
    """CUTOUT_DATA_DIR: everything that must survive a restart, and compiled models."""

    database_url: str = field(default_factory=_database_url)
    """DATABASE_URL: the database of jobs and picks; by default an SQLite file in the data folder."""
    api_keys_file: Path | None = field(default_factory=lambda: _optional_path("CUTOUT_API_KEYS_FILE"))
    """CUTOUT_API_KEYS_FILE: if set, every request needs one of its keys."""

    pictures: str = field(default_factory=_pictures)
    """CUTOUT_PICTURES: the store of jobs' pictures: a folder, or s3://bucket/prefix."""
    url_secret: str | None = field(default_factory=lambda: os.environ.get("CUTOUT_URL_SECRET") or None, repr=False)
    """CUTOUT_URL_SECRET: signs the addresses of results; by default a secret generated once in the data folder."""

    public_url: str | None = field(default_factory=lambda: os.environ.get("CUTOUT_PUBLIC_URL") or None)
    """CUTOUT_PUBLIC_URL: the service's address for callers; overrides jobs.public_url."""

    hard_stop: str | None = field(default_factory=_hard_stop)
    """RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S, in seconds; None where RAY_SERVE_ENABLE_HA_PROXY does not enable HAProxy."""

    run_id: str = field(default_factory=lambda: os.environ.get(RUN_ID, ""))
    """Id of this run, set by the supervisor; empty on a cluster started by others."""

    metrics_port: str | None = field(default_factory=lambda: os.environ.get("METRICS_PORT") or None)
    """METRICS_PORT: the port of this machine's metrics; by default a free one."""

    traces_to: str | None = field(default_factory=lambda: os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None)
    """OTEL_EXPORTER_OTLP_ENDPOINT: the collector of traces; by default there are none."""

    def run_file(self, port: int) -> Path:
        """The file that records a running service on `port`."""
        return self.data_dir / f"run-{port}.json"


def ray_environment(run_id: str) -> dict[str, str]:
    """Ray's settings for this service; variables that the operator has set take precedence.

    HAProxy answers ten times as many requests as Serve's own proxy. Our code does not block event loops, so neither it
    nor the router gets a thread of its own (docs/performance.md). Each run has its own HAProxy files and statistics
    ports, and its own ports for ingress replicas and for Serve's proxy, which HAProxy uses while it knows no ingress
    replica. With Ray's defaults two services on one machine would share ports 30000 and 8500, and one's HAProxy would
    silently send requests to the other's replicas (Ray 2.60). Workers are started only when needed.

    uvloop accepts one connection per iteration of its loop (libuv 1.52), asyncio all that are waiting: with 200 callers
    a new connection waited for 3 s. Ray runs every worker at nice 15; here only replicas that process pixels are nice,
    not those that answer requests (cutout/pixels/cores.py).

    glibc keeps what threads have freed in up to eight arenas a processor: in two, fifty pictures by ISNet leave 90 MB
    less behind, at no cost of processor time.
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
        **dict.fromkeys(PROXY_STARTS, PROXY_START_S),
        HARD_STOP: "660",  # hard_stop.py raises it where limits.request_s is longer
        "FORWARDED_ALLOW_IPS": "",  # uvicorn would trust X-Forwarded-For from HAProxy, which passes on any caller's
        "RAY_USE_UVLOOP": "0",
        "RAY_worker_niceness": "0",
        "RAY_enable_worker_prestart": "0",
        "RAY_prestart_worker_first_driver": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "MALLOC_ARENA_MAX": "2",
        **RAY_RATES,
    }


def ray_folder() -> Path:
    """The folder of Ray's sessions, with their sockets and logs; one per user.

    Ray's default, /tmp/ray, is shared by all users of a machine, and any of them may have written the
    `ray_current_cluster` in it.
    """
    return Path(gettempdir()) / f"cutout-ray-{os.geteuid()}"


def scratch_folder(run_id: str) -> Path:
    """A run's temporary files, deleted when it ends."""
    return Path(gettempdir()) / f"cutout-{run_id[:8]}"


def _free_hundred() -> int:
    """The first of a hundred ports; it is free, and so are the others, most likely.

    They are below the range from which Linux assigns ports, 32768 to 60999, where Ray's own are.
    """
    hundreds = list(range(20_000, 32_700, 100))
    random.shuffle(hundreds)
    return next(first for first in hundreds if _is_free(first))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def port_number(port: object, variable: str) -> int:
    """Parse a port; raises ConfigurationError that names the variable."""
    if not str(port).isdecimal() or not 0 < int(str(port)) < 65536:
        raise ConfigurationError(f"{variable}: a number from 1 to 65535 expected, not {port!r}")
    return int(str(port))


def free_port() -> int:
    """A port of 127.0.0.1 that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
