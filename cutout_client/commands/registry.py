"""Finds the registry that a command uses."""

from pathlib import Path

from cutout.models.registry import Registry, load_registry

HERE = Path("configs")
OURS = Path(__file__).resolve().parents[2] / HERE
"""Next to the code, when it runs from a repository."""


def registry_of(config_dir: Path | None) -> Registry:
    """Load the registry from the given folder, or ./configs, or the configs/ next to the code.

    Raises:
        ConfigurationError: files are missing, or a value is wrong.
    """
    ours = (HERE / "service.yaml").exists()  # otherwise ./configs belongs to another program
    return load_registry(config_dir or (HERE if ours else OURS))
