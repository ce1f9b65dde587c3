"""Finds the registry that a command uses."""

from pathlib import Path

from cutout.defaults import config_folder
from cutout.models.registry import Registry, load_registry


def registry_of(config_dir: Path | None) -> Registry:
    """Load the registry from the given folder, or ./configs, or the one that is installed with the program.

    Raises:
        ConfigurationError: files are missing, or a value is wrong.
    """
    return load_registry(config_dir or config_folder())
