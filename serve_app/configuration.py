"""Reads configs/, completed by the environment, with every option checked."""

from pathlib import Path
from typing import Any

import pydantic

from cutout.errors import ConfigurationError, ModelUnavailable
from cutout.models.registry import Registry, load_registry
from cutout.service import JobsSpec
from deployments.backends import load_backend, prepare
from deployments.backends.base import Resources
from serve_app.settings import Settings


def check_config(args: dict[str, Any]) -> Registry:
    """Read configs/ and check every option, so that a wrong one stops the start instead of a replica later.

    Environment variables take precedence.

    Raises:
        ConfigurationError: a value is wrong; names the file, the field and what was expected.
    """
    settings = Settings()
    registry = load_registry(Path(args.get("config_dir") or settings.config_dir))
    if settings.public_url:
        registry = _published(registry, settings.public_url)
    for spec in registry.models.values():
        load_backend(spec, Resources())
    return registry


def unconfigured(registry: Registry) -> list[str]:
    """The remote models whose key is not in this process's environment."""
    found = []
    for spec in registry.models.values():
        try:
            if not spec.local:
                prepare(spec)
        except ModelUnavailable:
            found.append(spec.id)
    return found


def _published(registry: Registry, public_url: str) -> Registry:
    """The registry with `public_url` as the service's address; raises ConfigurationError when it is not an address."""
    try:
        jobs = JobsSpec.model_validate({**registry.service.jobs.model_dump(), "public_url": public_url})
    except pydantic.ValidationError as wrong:
        raise ConfigurationError(
            f"CUTOUT_PUBLIC_URL: an address such as https://cut.example expected, not {public_url!r}"
        ) from wrong
    service = registry.service.model_copy(update={"jobs": jobs})
    return registry.model_copy(update={"service": service})
