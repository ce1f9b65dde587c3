"""The registry that a command works with."""

from pathlib import Path

from cutout.models.registry import Registry, load_registry

HERE = Path("configs")
OURS = Path(__file__).resolve().parents[2] / HERE
"""Beside the code, where it runs from its repository."""


def registry_of(config_dir: Path | None) -> Registry:
    """Of the folder that was given, or else of configs/ here, or else of the one beside this program.

    Raises:
        ConfigurationError: it has no such files, or a wrong value.
    """
    ours = (HERE / "service.yaml").exists()  # else it is another program's folder of that name
    return load_registry(config_dir or (HERE if ours else OURS))
