"""The configuration that comes with the program: links to configs/ and serve_config.yaml, as files in a wheel."""

from importlib.resources import files
from pathlib import Path

INSTALLED = Path(str(files(__name__)))


def config_folder() -> Path:
    """./configs, or the installed one where there is none, or one of another program."""
    here = Path("configs")
    return here if (here / "service.yaml").is_file() else INSTALLED / here


def serve_config() -> Path:
    """./serve_config.yaml, or the installed one where there is none."""
    here = Path("serve_config.yaml")
    return here if here.is_file() else INSTALLED / here
