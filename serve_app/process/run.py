"""The service itself: port free, configuration right, Ray up, one picture through every ready model, address.

Started by service.py, once the database is held and in order.
"""

import asyncio
import io
import math
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import redirect_stdout
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import ray
import yaml
from pydantic import ValidationError
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.schema import ServeDeploySchema
from ray.serve.scripts import run as serve_run

from cutout.accounts.keys import KeyRing
from cutout.errors import ConfigurationError
from cutout.models.registry import Registry
from cutout.spec import explain
from serve_app.build import APP_NAME, check_config
from serve_app.process.child_processes import RUN_ID, Run, lives
from serve_app.process.exposure import addresses_line, check_exposure, is_loopback
from serve_app.process.hard_stop import outlast
from serve_app.process.loopback import for_callers, keep_ray_on_loopback
from serve_app.settings import Settings, free_port, port_number
from serve_app.telemetry.tracing import check_tracing

START_S = 240.0
"""Longest start, in seconds: models may be compiled for this processor the first time."""
DRAIN_S = 25.0
"""Longest wait for requests in hand when the service is ended: within Kubernetes' 30 s."""
RAYLET = "/raylet/raylet"
"""Ray's own process of a machine, whose death it does not tell to who started it (ray 2.60)."""
LOOK_EVERY_S = 5.0
"""Gap between two looks at it."""
SAMPLE = files("serve_app") / "static" / "sample.jpg"


def main(config_file: Path) -> int:
    """Run until Ctrl-C or SIGTERM; 0 after a clean end, 2 when something of the operator's is wrong, 1 otherwise."""
    try:
        config, registry = read_config(config_file)
        keys_file = Settings().api_keys_file
        check_exposure(config["http_options"]["host"], registry.service.access, keys_file is not None)
        if keys_file:
            KeyRing.load(keys_file)  # here it is one sentence; in a replica, five minutes of tries
        _check_port(config["http_options"]["host"], config["http_options"]["port"], "PORT")
        metrics_port = _metrics_port()
        check_tracing(Settings().traces_to)
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    run, run_file = Run(os.getpid(), os.environ[RUN_ID]), Settings().run_file(config["http_options"]["port"])
    run.write(run_file)
    try:
        outlast(registry.service.limits, os.environ)
        _start(config, metrics_port)
        replace(run, ray_address=ray.get_runtime_context().gcs_address).write(run_file)
        addresses = addresses_line(config["http_options"]["host"], registry.service.jobs.public_url)
        return _serve(config["http_options"], metrics_port, addresses, _signalled())
    finally:
        _stop()
        run_file.unlink(missing_ok=True)


def read_config(file: Path) -> tuple[dict[str, Any], Registry]:
    """A Serve configuration with its address, and the registry that it names.

    Raises:
        ConfigurationError: either is wrong: file, field and what was expected.
    """
    config = _config(file)
    try:
        ServeDeploySchema.model_validate(config)
    except ValidationError as wrong:
        raise ConfigurationError(explain(str(file), wrong)) from wrong
    return config, check_config(config["applications"][0].get("args") or {})


def _config(file: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as wrong:
        raise ConfigurationError(f"{file}: a Serve configuration in YAML expected: {wrong}") from wrong
    if not isinstance(config, dict) or not config.get("applications"):
        raise ConfigurationError(f"{file}: applications: at least one expected")
    http = config.setdefault("http_options", {})
    http["port"] = port_number(os.environ.get("PORT") or http.get("port", 8000), "PORT")
    http["host"] = os.environ.get("HOST") or http.get("host", "127.0.0.1")
    return config


def _metrics_port() -> int:
    """Where Ray's agent on this machine will offer the metrics."""
    wanted = Settings().metrics_port
    if wanted is None:
        return free_port()
    port = port_number(wanted, "METRICS_PORT")
    _check_port("127.0.0.1", port, "METRICS_PORT")
    return port


def _check_port(host: str, port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            reason = f"Port {port} on {host} cannot be taken: {taken.strerror}"
            raise ConfigurationError(f"{reason}. Choose another by {variable}=…, or end what uses it.") from taken


def _start(config: dict[str, Any], metrics_port: int) -> None:
    print("Starting Ray and the models …", flush=True)
    if os.environ.get("RAY_ADDRESS"):
        ray.init(namespace="serve", log_to_driver=False)
    else:
        if is_loopback(config["http_options"]["host"]):
            keep_ray_on_loopback()
        cpus = _logical_cpus(config["applications"][0].get("deployments") or [])
        quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
        ray.init("local", num_cpus=cpus, namespace="serve", _metrics_export_port=metrics_port, **quiet)
    deploy(config)


def deploy(config: dict[str, Any]) -> None:
    """Hand the configuration to the Ray that this process is connected to; what changes is changed while it runs."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as applied:
        yaml.safe_dump(config, applied)
        applied.flush()
        with redirect_stdout(io.StringIO()):  # it speaks of the copy
            serve_run.main([applied.name, "--non-blocking"], standalone_mode=False)


def _signalled() -> threading.Event:
    """Set by Ctrl-C or SIGTERM. Ray takes both signals for itself when it starts, so this comes after."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _logical_cpus(deployments: list[dict[str, Any]]) -> int:
    """As many as all deployments ask for at their largest: on one machine models take turns on the real ones."""
    asked = 0.0
    for deployment in deployments:
        most = (deployment.get("autoscaling_config") or {}).get("max_replicas") or deployment.get("num_replicas") or 1
        asked += float((deployment.get("ray_actor_options") or {}).get("num_cpus", 1)) * int(most)
    return max(os.cpu_count() or 1, math.ceil(asked) + 1)


def _serve(http: dict[str, Any], metrics_port: int, addresses: str | None, ended: threading.Event) -> int:
    address = f"http://{'127.0.0.1' if http['host'] == '0.0.0.0' else http['host']}:{http['port']}"  # noqa: S104
    with httpx.Client(base_url=address, timeout=httpx.Timeout(300, connect=2), trust_env=False) as client:
        if not _ready(client, ended):
            return 0 if ended.is_set() else 1
        _first_picture(client)
    print(f"\nCutout Shotgun is ready: {address}  (API: {address}/docs, end: Ctrl-C)")
    if addresses:
        print(addresses)
    if not os.environ.get("RAY_ADDRESS"):
        print(f"Metrics: http://127.0.0.1:{metrics_port}/metrics")
    print(f"Callers by handle: {for_callers(ray.get_runtime_context().gcs_address)}", flush=True)
    while not ended.wait(LOOK_EVERY_S):
        if not os.environ.get("RAY_ADDRESS") and not lives(os.environ[RUN_ID], RAYLET):
            print("Ray's raylet of this machine has died, and nothing can go on without it", file=sys.stderr)
            return 1
    print("Ending …", flush=True)
    asyncio.run(_drained())
    return 0


async def _drained() -> None:
    """Let GET /health/ready say that the service is going, and wait until no request is in hand any more."""
    try:
        draining = serve.get_app_handle(APP_NAME).broadcast("drain")
        await draining.results_async(timeout_s=DRAIN_S)
    except TimeoutError:
        print(f"Requests that were still at work after {DRAIN_S:g} s are cut off", file=sys.stderr)
    except (RayError, RayServeException) as gone:
        print(f"The service could not be asked to finish: {type(gone).__name__}", file=sys.stderr)


def _ready(client: httpx.Client, ended: threading.Event) -> bool:
    """Wait until every model, the ledger and the worker of jobs is ready or has said why not.

    False when that cannot be, or somebody ended it.
    """
    deadline = time.monotonic() + START_S
    while not ended.wait(0.5) and time.monotonic() < deadline:
        application = serve.status().applications.get(APP_NAME)
        if application and application.status in ("DEPLOY_FAILED", "UNHEALTHY"):
            print(f"The service could not be deployed: {application.message}", file=sys.stderr)
            return False
        try:
            health = client.get("/health").raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            continue
        if all(one["state"] != "starting" for one in (*health["models"].values(), *health["dependencies"].values())):
            return True
    if not ended.is_set():
        print(f"The service was not ready after {START_S:g} s", file=sys.stderr)
    return False


def _first_picture(client: httpx.Client) -> None:
    """Send a picture through every ready model that runs here, and say what each did: a start costs nothing."""
    if Settings().api_keys_file:
        print("  No sample is sent: requests need one of the keys")
        return
    headers = {"Content-Type": "image/jpeg"}
    answer = client.post("/remove-background?local_only=true", content=SAMPLE.read_bytes(), headers=headers)
    body = answer.json()
    for result in body.get("results", []):
        outcome = result.get("error") or f"{result['processing_time_ms']} ms, {result['cost_usd']:.4f} USD"
        print(f"  {result['model_name']:<28} {outcome}")
    for model_id, reason in body.get("skipped", {}).items():
        print(f"  {model_id:<28} left out: {reason}")


def _stop() -> None:
    """On a cluster of somebody else's the application is taken down; a Ray of our own ends as a whole.

    Serve would first end HAProxy, and then wait 30 s for requests to an ingress that nobody can reach any more.
    """
    if ray.is_initialized() and os.environ.get("RAY_ADDRESS"):
        serve.shutdown()
    ray.shutdown()
