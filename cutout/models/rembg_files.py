"""Where rembg keeps its models: its folder on this disk, and its releases.

Nothing of rembg is imported: the rules are those of `BaseSession` in rembg 2.0.86, so that a file fetched by either
one is found by the other.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cutout.errors import ModelUnavailable
from cutout.spec import MEBIBYTE

CONNECT_S = 5
"""Seconds for a connection to the release's host: where it is out of reach, the next source should follow soon."""
READ_S = 30
"""Longest silence of the release's host, in seconds."""


def cache_file(name: str) -> Path:
    """Where rembg keeps a model, and where we write it: `<home>/models/<name>/<name>.onnx`."""
    return _home() / "models" / name / f"{name}.onnx"


def cached_files(name: str) -> list[Path]:
    """The model's files on this disk, in rembg's order: its present place, then the flat folder of old versions."""
    places = (cache_file(name), _flat_home() / f"{name}.onnx")
    return [file for file in places if file.is_file()]


def download_release(url: str, folder: Path, step: Callable[[int, int | None], None]) -> Path:
    """The file at `url`, written into `folder`; its checksum is for the caller to compare.

    `step` is told the bytes done and the bytes in all, None when the host does not say.

    Raises:
        ModelUnavailable: with a short reason.
    """
    import pooch
    import requests

    fetched = folder / "release"
    download = pooch.HTTPDownloader(_Bar(step), chunk_size=MEBIBYTE, timeout=(CONNECT_S, READ_S))
    try:
        download(url, str(fetched), None)
    except requests.HTTPError as answer:
        status = "an error" if answer.response is None else answer.response.status_code
        raise ModelUnavailable(f"its host answered {status}") from answer
    except requests.RequestException as lost:
        raise ModelUnavailable("no connection to its host, or one that broke") from lost
    return fetched


class _Bar:
    """What pooch expects of a progress bar."""

    def __init__(self, step: Callable[[int, int | None], None]) -> None:
        self._step = step
        self._done_bytes = 0
        self.total = 0

    def update(self, more_bytes: int) -> None:
        self._done_bytes += more_bytes
        total_bytes = self.total or None
        self._step(min(self._done_bytes, total_bytes or self._done_bytes), total_bytes)

    def reset(self) -> None:
        self._done_bytes = 0

    def close(self) -> None:
        """Nothing to let go of."""


def _home() -> Path:
    if os.environ.get("U2NET_HOME"):
        return _flat_home()
    xdg = os.environ.get("XDG_DATA_HOME")
    return Path(os.environ.get("REMBG_HOME", Path(xdg, "rembg") if xdg else "~/.rembg")).expanduser()


def _flat_home() -> Path:
    return Path(os.environ.get("U2NET_HOME", Path(os.environ.get("XDG_DATA_HOME", "~"), ".u2net"))).expanduser()
