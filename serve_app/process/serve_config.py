"""Reads the Serve configuration that the operator starts or changes the service with, and checks its ports."""

import os
import socket
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from ray.serve.schema import ServeDeploySchema

from cutout.errors import ConfigurationError
from cutout.models.registry import Registry
from cutout.spec import explain
from serve_app.configuration import check_config
from serve_app.settings import Settings, free_port, port_number


def read_config(file: Path) -> tuple[dict[str, Any], Registry]:
    """Read a Serve configuration, with HOST and PORT applied, and the registry it refers to.

    Raises:
        ConfigurationError: either is wrong; names the file, the field and what was expected.
    """
    config = _with_address(file)
    try:
        ServeDeploySchema.model_validate(config)
    except ValidationError as wrong:
        raise ConfigurationError(explain(str(file), wrong)) from wrong
    return config, check_config(config["applications"][0].get("args") or {})


def _with_address(file: Path) -> dict[str, Any]:
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


def choose_metrics_port() -> int:
    """The port on which Ray's agent on this machine is to serve metrics: METRICS_PORT, or a free one.

    Raises:
        ConfigurationError: METRICS_PORT is not a port, or is in use.
    """
    wanted = Settings().metrics_port
    if wanted is None:
        return free_port()
    port = port_number(wanted, "METRICS_PORT")
    check_port("127.0.0.1", port, "METRICS_PORT")
    return port


def check_port(host: str, port: int, variable: str) -> None:
    """Raise ConfigurationError when this process cannot listen there; `variable` is the one that sets the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            reason = f"Port {port} on {host} cannot be used: {taken.strerror}"
            raise ConfigurationError(f"{reason}. Set {variable} to another port, or stop what is using it.") from taken
