"""A service for the tests of one file, and the command with what it is given."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cutout_client.command import main
from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two models that work, of which one costs 0.25 USD, and one that fails."""
    folder: Path = tmp_path_factory.mktemp("service")
    with running(folder) as service:
        yield service


@dataclass(frozen=True)
class Ended:
    """What a run of the command left."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentences(self) -> list[str]:
        """Lines of standard error but the summary, and those that say what a folder's run leaves out."""
        lines = self.err.strip().splitlines()
        return [line for line in lines if ": left out, " not in line and " photographs in " not in line]

    @property
    def summary(self) -> str:
        """The last line of standard error."""
        return self.err.strip().splitlines()[-1]

    @property
    def left_out(self) -> list[str]:
        """Those lines."""
        return [line for line in self.err.splitlines() if ": left out, " in line]


Cutout = Callable[..., Ended]


@pytest.fixture
def cutout(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cutout:
    """The command as it is typed, in this process; `stdin` is its standard input."""
    monkeypatch.setenv("CUTOUT_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str | Path, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["cutout", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        return Ended(int(ended.value.code or 0), out, err.decode())

    return run


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """Two models without weights that work, one that fails, and one whose weights are nowhere."""
    models = tmp_path / "configs" / "models"
    models.mkdir(parents=True)
    (models.parent / "service.yaml").write_text("limits: {input_px: 1000000, output_px: 4000000}")
    common: dict[str, object] = {"backend": "luminance", "licence": {"name": "MIT", "commercial": True}}
    lost = {"weights": {"name": "lost"}, "size_px": 32, "mean": [0, 0, 0], "std": [1, 1, 1]}
    specs: dict[str, dict[str, object]] = {
        "dark": {"name": "Dark"},
        "grey": {"name": "Grey", "price_usd": 0.01},
        "broken": {"name": "Broken", "options": {"error": "out of ink"}},
        "lost": {"name": "Lost", "backend": "onnx", "options": lost},
    }
    for name, fields in specs.items():
        (models / f"{name}.yaml").write_text(yaml.safe_dump({**common, **fields}))
    return models.parent


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photographs, a text, and a folder within that has one of the same name."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name, shade in (("a.png", 10), ("b.PNG", 90), ("more/a.png", 200)):
        (folder / name).write_bytes(picture(shade))
    (folder / "notes.txt").write_text("no photograph")
    return folder
