"""The service: starts Ray, deploys, waits until ready, runs, drains, stops.

Started by service.py once the database is locked and all is checked.
"""

import asyncio
import io
import logging
import math
import os
import signal
import sys
import tempfile
import threading
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

import httpx
import ray
import yaml
from ray import serve
from ray.serve._private import api as serve_api
from ray.serve._private.constants import SERVE_LOGGER_NAME
from ray.serve.scripts import run as serve_run

from deployments import own_ray
from serve_app.process.checks import Start
from serve_app.process.child_processes import Run, members
from serve_app.process.draining import drain, stop_haproxy
from serve_app.process.exposure import addresses_line, is_loopback
from serve_app.process.haproxy.hard_stop import outlast
from serve_app.process.lean import HOOK
from serve_app.process.readiness import send_sample, wait_ready
from serve_app.settings import APP_NAME, PROXY_START_S, RUN_ID, Settings

RAYLET = "/raylet/raylet"
"""Ray's process on each machine; Ray does not tell the driver when it dies (Ray 2.60)."""
RAYLET_CHECK_S = 5.0
"""Seconds between two checks that it is alive."""


def main(start: Start) -> int:
    """Run until Ctrl-C or SIGTERM.

    Returns:
        0 after a clean end, 1 for a failure.
    """
    http = start.config["http_options"]
    run, run_file = Run(os.getpid(), os.environ[RUN_ID]), Settings().run_file(http["port"])
    run.write(run_file)
    try:
        outlast(start.registry.service.limits, os.environ)
        _start(start.config, start.metrics_port)
        replace(run, ray_address=ray.get_runtime_context().gcs_address).write(run_file)
        addresses = addresses_line(http["host"], start.registry.service.jobs.public_url)
        return _serve(http, start.metrics_port, addresses, _signalled())
    finally:
        _stop()
        run_file.unlink(missing_ok=True)


def _start(config: dict[str, Any], metrics_port: int) -> None:
    print("Starting Ray and the models …", flush=True)
    logging.getLogger(SERVE_LOGGER_NAME).setLevel(logging.WARNING)  # importing Serve has set it to INFO
    if os.environ.get("RAY_ADDRESS"):
        ray.init(namespace="serve", log_to_driver=False)
    else:
        if is_loopback(config["http_options"]["host"]):
            own_ray.keep_on_loopback()
        cpus = _logical_cpus(config["applications"][0].get("deployments") or [])
        lean = {"worker_process_setup_hook": HOOK}
        own_ray.start(cpus, namespace="serve", runtime_env=lean, _metrics_export_port=metrics_port)
    deploy(config)


def deploy(config: dict[str, Any]) -> None:
    """Deploy a configuration on the Ray that this process is connected to; a running service changes in place."""
    serve_api.HTTP_PROXY_TIMEOUT = int(PROXY_START_S)  # a constant of 60 s in Ray 2.60, and no setting
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as copy:
        yaml.safe_dump(config, copy)
        copy.flush()
        with redirect_stdout(io.StringIO()):  # it prints the name of the copy
            serve_run.main([copy.name, "--non-blocking"], standalone_mode=False)


def _signalled() -> threading.Event:
    """An event set by Ctrl-C or SIGTERM. Call it after Ray has started: Ray installs handlers of its own."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _logical_cpus(deployments: list[dict[str, Any]]) -> int:
    """CPUs to declare to Ray: enough for every deployment at its largest, since models on one machine take turns."""
    asked = 0.0
    for deployment in deployments:
        most = (deployment.get("autoscaling_config") or {}).get("max_replicas") or deployment.get("num_replicas") or 1
        asked += float((deployment.get("ray_actor_options") or {}).get("num_cpus", 1)) * int(most)
    return max(os.cpu_count() or 1, math.ceil(asked) + 1)


def _serve(http: dict[str, Any], metrics_port: int, addresses: str | None, ended: threading.Event) -> int:
    address = f"http://{'127.0.0.1' if http['host'] == '0.0.0.0' else http['host']}:{http['port']}"  # noqa: S104
    with httpx.Client(base_url=address, timeout=httpx.Timeout(300, connect=2), trust_env=False) as client:
        if not wait_ready(client, ended):
            return 0 if ended.is_set() else 1
        send_sample(client)
    _announce(address, metrics_port, addresses)
    while not ended.wait(RAYLET_CHECK_S):
        if not os.environ.get("RAY_ADDRESS") and not members(os.environ[RUN_ID], RAYLET):
            print("The raylet on this machine has died; the service cannot continue without it", file=sys.stderr)
            return 1
    print("Stopping …", flush=True)
    asyncio.run(drain(APP_NAME))
    stop_haproxy(os.environ[RUN_ID])
    return 0


def _announce(address: str, metrics_port: int, addresses: str | None) -> None:
    print(f"\nCutout Shotgun is ready: {address}  (API: {address}/docs, stop: Ctrl-C)")
    if addresses:
        print(addresses)
    if not os.environ.get("RAY_ADDRESS"):
        print(f"Metrics: http://127.0.0.1:{metrics_port}/metrics")
    print(f"Callers by handle: {own_ray.for_callers(ray.get_runtime_context().gcs_address)}", flush=True)


def _stop() -> None:
    """On a cluster started by others, delete the application; a Ray of our own is stopped as a whole.

    Serve's own shutdown would stop HAProxy first, and then wait 30 s for requests to an ingress nobody can reach.
    """
    if ray.is_initialized() and os.environ.get("RAY_ADDRESS"):
        serve.shutdown()
    ray.shutdown()
