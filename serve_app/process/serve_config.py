"""Reads the Serve configuration that the operator starts or changes the service with, and checks its ports."""

import os
import socket
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from cutout.errors import ConfigurationError
from cutout.models.registry import Registry
from cutout.spec import explain
from serve_app.configuration import check_config, unconfigured
from serve_app.process.lean import import_serve
from serve_app.settings import Settings, free_port, port_number


class _Application(BaseModel):
    """Of an application, what is read here."""

    args: dict[str, Any] | None = None


class _Shape(BaseModel):
    """Of a Serve configuration, what is read here; Ray checks all of it."""

    http_options: dict[str, Any] = Field(default_factory=dict)
    applications: list[_Application] = Field(min_length=1)


def read_config(file: Path) -> tuple[dict[str, Any], Registry]:
    """Read a Serve configuration, with HOST and PORT applied, and the registry it refers to; without Ray.

    Raises:
        ConfigurationError: either is wrong; names the file, the field and what was expected.
    """
    try:
        config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as lost:
        raise ConfigurationError(f"{file}: cannot be read: {lost.strerror}") from lost
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise ConfigurationError(f"{file}: a Serve configuration in YAML expected: {wrong}") from wrong
    try:
        shape = _Shape.model_validate(config)
    except ValidationError as wrong:
        raise ConfigurationError(explain(str(file), wrong)) from wrong
    http = config.setdefault("http_options", {})
    http["port"] = port_number(os.environ.get("PORT") or http.get("port", 8000), "PORT")
    http["host"] = os.environ.get("HOST") or http.get("host", "127.0.0.1")
    return config, check_config(shape.applications[0].args or {})


def check_schema(file: Path, config: dict[str, Any]) -> None:
    """Check all of a Serve configuration by Ray's own form, which takes seconds to import.

    Raises:
        ConfigurationError: names the file, the field and what was expected.
    """
    import_serve()
    from ray.serve.schema import ServeDeploySchema

    try:
        ServeDeploySchema.model_validate(config)
    except ValidationError as wrong:
        raise ConfigurationError(explain(str(file), wrong)) from wrong


def rest_unconfigured(config: dict[str, Any], registry: Registry) -> None:
    """Change a checked configuration: a model without its provider's key has no replica, which could do nothing.

    Not on a cluster that others started: the key may be known to some of its machines only.
    """
    if os.environ.get("RAY_ADDRESS"):
        return
    application = config["applications"][0]
    entries = {entry["name"]: entry for entry in application.get("deployments") or ()}
    for model_id in unconfigured(registry):
        entry = {name: value for name, value in entries.get(model_id, {}).items() if name != "num_replicas"}
        scaling = {**(entry.get("autoscaling_config") or {}), "min_replicas": 0, "initial_replicas": 0}
        entries[model_id] = {**entry, "name": model_id, "autoscaling_config": scaling}
    application["deployments"] = list(entries.values())


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
