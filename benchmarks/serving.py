"""Our service, started as a user starts it, with the configuration that it is shipped with."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import urllib3
import yaml

from benchmarks.processes import Footprint, Usage, footprints, free_port, started, usages, wait_until, with_children
from cutout.models.spec import ModelSpec
from serve_app.process.child_processes import members, running

START_S = 300
ANSWER_S = 300
UNLIMITED = {"tiers": {"default": {"requests_per_minute": 10_000, "concurrent_jobs": 1_000}}}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    body: dict[str, Any]
    http_ms: float
    """Until the last byte of the answer."""

    @property
    def spans_ms(self) -> dict[str, float]:
        """The first model's own times, or those of an upscale."""
        spans: dict[str, float] = self.body.get("results", [self.body])[0]["times_ms"]
        return spans


@dataclass(frozen=True)
class Service:
    """The running service."""

    folder: Path
    http: urllib3.PoolManager
    address: str

    def cut(self, image: bytes, *models: str) -> Answer:
        """POST /remove-background as JSON; RuntimeError when any model failed."""
        data, ms = self._bytes("remove-background", image, "application/json", include_models=",".join(models))
        body = json.loads(data)
        if errors := [result["error"] for result in body["results"] if result["status"] == "error"]:
            raise RuntimeError("; ".join(errors))
        return Answer(body, ms)

    def cut_png(self, image: bytes, model: str) -> tuple[bytes, float]:
        """One model's cutout as a PNG, as `rembg s` answers, and the milliseconds until its last byte."""
        return self._bytes("remove-background", image, "image/png", include_models=model)

    def process_zip(self, image: bytes, *models: str, factor: int = 4) -> float:
        """Milliseconds until all models' enlarged cutouts are out of the ZIP that POST /process answered."""
        begun = time.perf_counter()
        data, _ = self._bytes("process", image, "application/zip", bg_models=",".join(models), upscale_factor=factor)
        with ZipFile(BytesIO(data)) as archive:
            pictures = [archive.read(name) for name in archive.namelist() if name.endswith(".png")]
        if len(pictures) != len(models):
            raise RuntimeError(f"process: {len(models)} pictures expected, not {len(pictures)}")
        return (time.perf_counter() - begun) * 1000

    def upscale(self, image: bytes, factor: int = 4) -> Answer:
        """POST /upscale as JSON."""
        data, ms = self._bytes("upscale", image, "application/json", scale_factor=factor)
        return Answer(json.loads(data), ms)

    def upscale_png(self, image: bytes, factor: int = 4) -> tuple[bytes, float]:
        """The enlarged picture as a PNG, and the milliseconds until its last byte."""
        return self._bytes("upscale", image, "image/png", scale_factor=factor)

    def refuse(self, image: bytes) -> float:
        """Milliseconds until what is no picture is refused."""
        ms, answer = self._send("POST", "remove-background", image)
        if answer.status != 400:
            raise RuntimeError(f"400 expected, not {answer.status}")
        return ms

    def health(self) -> float:
        """Milliseconds of GET /health: the way to the ingress and back, with next to no work."""
        ms, answer = self._send("GET", "health")
        if answer.status != 200:
            raise RuntimeError(f"200 expected, not {answer.status}")
        return ms

    def footprints(self) -> list[Footprint]:
        """Memory of every process of the run, the largest first."""
        return footprints(self._pids())

    def usages(self) -> dict[int, Usage]:
        """Processor time and page faults of every process of the run, by its id."""
        return usages(self._pids())

    def _pids(self) -> set[int]:
        run = running(self.folder / f"run-{self.address.rpartition(':')[2]}.json")
        return with_children(members(run.run_id)) if run else set()

    def _bytes(self, path: str, image: bytes, accept: str, **fields: object) -> tuple[bytes, float]:
        ms, answer = self._send("POST", path, image, accept, **fields)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {answer.data[:300]!r}")
        return answer.data, ms

    def _send(
        self, method: str, path: str, body: bytes | None = None, accept: str = "*/*", **fields: object
    ) -> tuple[float, Any]:
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        headers = {"Content-Type": "application/octet-stream", "Accept": accept}
        begun = time.perf_counter()
        answer = self.http.request(method, f"{self.address}/{path}?{query}", body=body, headers=headers)
        return (time.perf_counter() - begun) * 1000, answer


@contextmanager
def serving(scratch: Path, models: Mapping[str, ModelSpec]) -> Iterator[Service]:
    """The service on a free port, its data in `scratch`, ended by SIGTERM at the end.

    Providers' keys are kept from it: a benchmark sends no picture to anybody and spends no money. Its configuration is
    the shipped one but for the limits of a caller without a key, which are there to stop what a benchmark does.
    """
    port, folder, log = free_port(), scratch / "data", scratch / "service.log"
    # Nor is it given what would make it another service than the shipped one.
    hidden = {"RAY_ADDRESS", "HOST", *(str(spec.options.get("key_variable")) for spec in models.values())}
    kept = {name: value for name, value in os.environ.items() if name not in hidden and not name.startswith("CUTOUT_")}
    ours = {"PORT": str(port), "CUTOUT_DATA_DIR": str(folder), "CUTOUT_CONFIG_DIR": str(_configs(scratch))}
    http = urllib3.PoolManager(maxsize=16, retries=False, timeout=urllib3.Timeout(connect=5, read=ANSWER_S))
    with started([sys.executable, "-m", "serve_app"], kept | ours, log) as process:
        wait_until(lambda: "is ready: http" in log.read_text(errors="replace"), process, log, START_S)
        yield Service(folder, http, f"http://127.0.0.1:{port}")


def _configs(scratch: Path) -> Path:
    folder = shutil.copytree("configs", scratch / "configs")
    file = folder / "service.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text(encoding="utf-8")) | {"access": UNLIMITED}))
    return folder
