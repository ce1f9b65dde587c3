"""The client and the command at work on a service, and whether a kill beneath them was theirs to notice."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from cutout_client import Client, CutoutResult
from tests.cluster.killing import HEIGHT_PX, MODELS, WIDTHS, Service, picture
from tests.support.patience import HANG_S

EACH = 4
"""Pictures that the client sends, each way; the command has twice as many, and sends four at a time."""


def outlive(service: Service, key: str | None, folder: Path, strike: Callable[[], object]) -> None:
    """The client, its stream and the command are at work when `strike` comes; all is answered well, and paid, once."""
    whole, streamed, commanded = ([next(WIDTHS) for _ in range(count)] for count in (EACH, EACH, 2 * EACH))
    with ThreadPoolExecutor() as pool, Client(str(service.http.base_url), key) as client:
        command = pool.submit(_by_command, service, key, folder, commanded)
        _wait_paid(service, commanded, 1)
        jobs = [pool.submit(client.remove_background, picture(width), MODELS) for width in whole]
        streams = [pool.submit(lambda w: list(client.stream(picture(w), MODELS)), width) for width in streamed]
        _wait_paid(service, [*whole, *streamed, *commanded], EACH + 2)
        assert not all(service.charged[width] for width in (*whole, *streamed)), "it was too quick"
        strike()
        for width, job in zip(whole, jobs, strict=True):
            _check(job.result(HANG_S).results, width)
        for width, results in zip(streamed, streams, strict=True):
            _check(results.result(HANG_S), width)
        command.result(HANG_S)

    paid = [service.charged[width] for width in (*whole, *streamed, *commanded)]
    assert paid == [1] * len(paid), paid


def _by_command(service: Service, key: str | None, folder: Path, widths: Sequence[int]) -> None:
    """`cutout remove` on a folder: every photograph has each model's file, and one line for it."""
    photos, out = folder / "photos", folder / "out"
    photos.mkdir()
    for width in widths:
        (photos / f"{width}.png").write_bytes(picture(width))
    asked = ["remove", str(photos), *(f"--model={name}" for name in MODELS), "-o", str(out), "--json"]
    command = [sys.executable, "-m", "cutout_client.command", *asked, "--server", str(service.http.base_url)]
    variables = os.environ | ({"CUTOUT_API_KEY": key} if key else {})
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert ended.returncode == 0, ended.stderr

    told = sorted(json.loads(line)["output"] for line in ended.stdout.splitlines())
    assert told == sorted(str(out / f"{width}.{name}.png") for width in widths for name in MODELS)
    assert all(Image.open(file).size == (int(file.name.split(".")[0]), HEIGHT_PX) for file in out.iterdir())


def _wait_paid(service: Service, widths: Sequence[int], pictures: int) -> None:
    """Return when the provider was asked for so many of these pictures."""
    deadline = time.monotonic() + HANG_S
    while sum(service.charged[width] > 0 for width in widths) < pictures:
        assert time.monotonic() < deadline, service.charged
        time.sleep(0.02)


def _check(results: Iterable[CutoutResult], width: int) -> None:
    """Each model's cutout of a picture came once."""
    sizes = [(result.model_id, Image.open(io.BytesIO(result.check())).size) for result in results]
    assert sorted(sizes) == [(name, (width, HEIGHT_PX)) for name in MODELS]
