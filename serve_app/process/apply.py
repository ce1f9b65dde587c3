"""Applies a changed Serve configuration to the service running on PORT, without stopping it.

`serve deploy` does this on a cluster through Ray's dashboard. A service on one machine runs without the dashboard,
which takes 250 MB and opens a port that can run code.
"""

import argparse
import os
import sys
import time
from pathlib import Path

if not os.environ.get("RAY_ADDRESS"):
    os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray 2.60 protects local clusters by a token; read at import

import ray
from ray import serve

from cutout.defaults import serve_config
from cutout.errors import ConfigurationError
from deployments import own_ray
from serve_app.process.child_processes import running
from serve_app.process.run import deploy
from serve_app.process.serve_config import check_schema, read_config, rest_unconfigured
from serve_app.settings import APP_NAME, Settings

APPLIED_S = 240.0
"""Longest change, in seconds: new replicas may have to load models."""


def main(arguments: list[str]) -> int:
    """Apply the configuration and wait until every replica matches it.

    Returns:
        0 when applied, 2 when the file is wrong, 1 when no service is running or the change failed.
    """
    parser = argparse.ArgumentParser(prog="python -m serve_app apply", description=__doc__)
    parser.add_argument("config", nargs="?", type=Path, default=serve_config(), help="Serve configuration")
    try:
        config_file = parser.parse_args(arguments).config
        config, registry = read_config(config_file)
        check_schema(config_file, config)
        rest_unconfigured(config, registry)
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    file = Settings().run_file(config["http_options"]["port"])
    run = running(file)
    if run is None or run.ray_address is None:
        print(f"No running service found in {file}", file=sys.stderr)
        return 1
    if run.ray_address.startswith("127."):
        own_ray.keep_on_loopback()
    ray.init(run.ray_address, namespace="serve", log_to_driver=False, logging_level="ERROR")
    try:
        deploy(config)
        return _applied()
    finally:
        ray.shutdown()


def _applied() -> int:
    deadline = time.monotonic() + APPLIED_S
    while time.monotonic() < deadline:
        application = serve.status().applications[APP_NAME]
        if application.status == "RUNNING":
            return 0
        if application.status in ("DEPLOY_FAILED", "UNHEALTHY"):
            break
        time.sleep(0.2)
    print(f"Not applied: {application.status}: {application.message}", file=sys.stderr)
    return 1
