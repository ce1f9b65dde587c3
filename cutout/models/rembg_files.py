"""rembg's model files: its cache folder, and its releases.

The rules are those of `BaseSession` in rembg 2.0.86, so that a file fetched by either is found by the other. rembg
itself is not imported.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cutout.errors import ModelUnavailable
from cutout.spec import MEBIBYTE

CONNECT_S = 5
"""Seconds to connect to the release's host; short, so that the next source is tried soon."""
READ_S = 30
"""Seconds to wait for more data from the release's host."""


def cache_file(name: str) -> Path:
    """Where rembg stores a model, and where we write it: `<home>/models/<name>/<name>.onnx`."""
    return _home() / "models" / name / f"{name}.onnx"


def cached_files(name: str) -> list[Path]:
    """The model's files on this disk, in rembg's order: the current folder, then the flat folder of old versions."""
    places = (cache_file(name), _flat_home() / f"{name}.onnx")
    return [file for file in places if file.is_file()]


def download_release(url: str, folder: Path, step: Callable[[int, int | None], None]) -> Path:
    """Downloads `url` into a file in `folder`; the caller must verify its checksum.

    `step` is called with the bytes received and the total, None when the host does not state it.

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
    """A progress bar as pooch expects it."""

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
        """Nothing to release."""


def _home() -> Path:
    if os.environ.get("U2NET_HOME"):
        return _flat_home()
    xdg = os.environ.get("XDG_DATA_HOME")
    return Path(os.environ.get("REMBG_HOME", Path(xdg, "rembg") if xdg else "~/.rembg")).expanduser()


def _flat_home() -> Path:
    return Path(os.environ.get("U2NET_HOME", Path(os.environ.get("XDG_DATA_HOME", "~"), ".u2net"))).expanduser()
