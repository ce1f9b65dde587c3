"""What is checked before a start, all that does not need Ray first: an operator is told at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutout.accounts.keys import KeyRing
from cutout.models.registry import Registry
from serve_app.process.exposure import check_exposure
from serve_app.process.serve_config import check_port, check_schema, choose_metrics_port, read_config, rest_unconfigured
from serve_app.settings import Settings
from serve_app.telemetry.tracing import check_tracing


@dataclass(frozen=True, slots=True)
class Start:
    """What the service is started with."""

    config: dict[str, Any]
    """The Serve configuration."""
    registry: Registry
    metrics_port: int


def check_start(config_file: Path) -> Start:
    """The configuration of a start; raises ConfigurationError when it, a key file or a port cannot be used."""
    config, registry = read_config(config_file)
    host, port = config["http_options"]["host"], config["http_options"]["port"]
    keys_file = Settings().api_keys_file
    check_exposure(host, registry.service.access, keys_file is not None)
    if keys_file:
        KeyRing.load(keys_file)  # in a replica, a wrong file would mean five minutes of failing restarts
    check_port(host, port, "PORT")
    metrics_port = choose_metrics_port()
    check_tracing(Settings().traces_to)
    check_schema(config_file, config)
    rest_unconfigured(config, registry)
    return Start(config, registry, metrics_port)
