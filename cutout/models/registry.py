"""Loads configs/. Errors name the file, the field and what was expected."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    field_validator,
)

from cutout.errors import ConfigurationError
from cutout.models.selection import FUSED
from cutout.models.spec import ModelSpec
from cutout.presets import PresetsFile, PresetSpec
from cutout.service import DropInSpec, ServiceSpec
from cutout.spec import Spec, explain

M = TypeVar("M", bound=BaseModel)
FIRST = ("runware_rmbg2", "runware_birefnet_portrait", "kie_recraft", "local_birefnet", "local_isnet")
"""The contract's models, in its order; other models follow, ordered by id."""


class Registry(Spec):
    """All of configs/: the service, every enabled model by its id, and the canvases by name."""

    service: ServiceSpec
    models: dict[str, ModelSpec]
    presets: dict[str, PresetSpec] = Field(default_factory=dict)

    @field_validator("models")
    @classmethod
    def _some(cls, models: dict[str, ModelSpec]) -> dict[str, ModelSpec]:
        if not models:
            raise ValueError("at least one enabled model is expected")
        return models


def load_registry(folder: Path) -> Registry:
    """The service, its enabled models and its canvases: `folder`/service.yaml, models/*.yaml and presets.yaml.

    Raises:
        ConfigurationError: a file is missing, is not YAML, or has a wrong value.
    """
    service = _read(folder / "service.yaml", ServiceSpec, {})
    files = sorted((folder / "models").glob("*.yaml"))
    files.sort(key=lambda file: FIRST.index(file.stem) if file.stem in FIRST else len(FIRST))
    models = [_read(file, ModelSpec, {"id": file.stem}) for file in files]
    enabled = {m.id: m for m in models if m.enabled}
    _check_ceilings(folder / "service.yaml", service.daily_ceiling_usd, {m.provider for m in models})
    _check_drop_in(folder / "service.yaml", service.drop_in, (*enabled, FUSED))
    presets = _presets(folder / "presets.yaml")
    return _checked(folder / "models", Registry, {"service": service, "models": enabled, "presets": presets})


def _presets(file: Path) -> dict[str, PresetSpec]:
    """The canvases by name; none where the folder has no such file."""
    return _read(file, PresetsFile, {}).root if file.exists() else {}


def _check_ceilings(file: Path, ceilings: Collection[str], providers: Collection[str]) -> None:
    """Refuse a ceiling for a provider that no model has: misspelt, it would have no effect."""
    for name in ceilings:
        if name not in providers:
            known = ", ".join(sorted(providers))
            raise ConfigurationError(f"{file}: daily_ceiling_usd.{name}: a provider of a model expected: {known}")


def _check_drop_in(file: Path, drop_in: DropInSpec, enabled: Collection[str]) -> None:
    named = {"model": drop_in.model} | {f"types.{kind}": model for kind, model in drop_in.types.items()}
    for field, model in named.items():
        if model is not None and model not in enabled:
            known = ", ".join(enabled)
            raise ConfigurationError(f"{file}: drop_in.{field}: one of {known} expected, not {model!r:.80}")


def _read(file: Path, form: type[M], fixed: dict[str, Any]) -> M:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as gone:
        raise ConfigurationError(f"{file}: cannot be read: {gone.strerror}") from gone
    except yaml.YAMLError as broken:
        raise ConfigurationError(f"{file}: not YAML: {broken}") from broken
    if not isinstance(content, dict):
        raise ConfigurationError(f"{file}: fields and values expected, not {content!r:.80}")
    if clash := fixed.keys() & content.keys():
        raise ConfigurationError(f"{file}: {', '.join(clash)}: taken from the file's name, not to be set in it")
    return _checked(file, form, {**content, **fixed})


def _checked(file: Path, form: type[M], content: dict[str, Any]) -> M:
    try:
        return form.model_validate(content)
    except ValidationError as wrong:
        raise ConfigurationError(explain(str(file), wrong)) from wrong
