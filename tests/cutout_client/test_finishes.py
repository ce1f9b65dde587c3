"""How results of `cutout remove` look, and which photographs are left to do; the same here and by a service."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutout.models.registry import load_registry
from cutout_client.batch.watch import arriving
from cutout_client.cutting.selection import OF_REMBG
from tests.cutout_client.conftest import Cutout
from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running
from tests.support.patience import HANG_S


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """One photograph."""
    (tmp_path / "one.png").write_bytes(picture())
    return tmp_path / "one.png"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--background", "white"), "white.jpg"),
        (("--background", "{behind}"), "behind.png"),
        (("--crop", "--margin", "2px"), "crop.webp"),
        (("--mask",), "mask.avif"),
        (
            ("--inches", "0.5x0.4", "--dpi", "40", "--fill", "--choke", "1", "--alpha", "halftone", "--lpi", "12"),
            "print.png",
        ),
        (("--inches", "1x1", "--least-dpi", "24", "--alpha", "hard"), "hard.webp"),
        (("--size", "60x40", "--margin", "5px", "--background", "blur", "--quality", "70"), "canvas.webp"),
    ],
)
def test_finishes_are_the_same_here_and_by_a_service(
    cutout: Cutout, service: Running, photo: Path, configs: Path, *, options: Sequence[str], name: str
) -> None:
    """A background, a crop and a mask give the same file in this process as from a service."""
    folder, behind = photo.parent, photo.parent / "behind-it.png"
    licence = {"name": "MIT", "commercial": True}
    plain = {"name": "Plain", "backend": "luminance", "licence": licence, "decontaminate": False}
    (configs / "models" / "plain.yaml").write_text(json.dumps(plain))
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (50, 40, 3), np.uint8)).save(behind)
    given = [option.format(behind=behind) for option in options]
    here = cutout("remove", photo, "-m", "plain", *given, "-o", folder / "here" / name, "--config-dir", configs)
    there = cutout("remove", photo, "-m", "first", *given, "-o", folder / "there" / name, "--server", service.url)

    assert (here.err, there.err) == ("", "")
    assert (folder / "here" / name).read_bytes() == (folder / "there" / name).read_bytes()


def test_too_small_a_picture_for_a_print(
    cutout: Cutout, service: Running, photo: Path, configs: Path, tmp_path: Path
) -> None:
    """Here and by a service it is refused with the dots per inch that it would have, and nothing is written."""
    for where in (("-m", "dark", "--config-dir", configs), ("-m", "first", "--server", service.url)):
        ended = cutout("remove", photo, *where, "--inches", "0.5x0.5", "-o", tmp_path / "print.png")

        assert ended.code == 1
        assert "has 48 dots per inch on a print of that size, and 300 are wanted" in " ".join(ended.err.split())
    assert not (tmp_path / "print.png").exists()


def test_formats_and_their_quality(cutout: Cutout, photo: Path, configs: Path, tmp_path: Path) -> None:
    """--format names the files' endings; a lower quality makes a smaller file."""
    noise = np.random.default_rng(5).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(photo)
    asked = ("remove", photo, "-m", "dark", "--config-dir", configs, "--background", "#ff8800")
    sizes = []
    for quality in ("95", "30"):
        assert cutout(*asked, "--format", "jpg", "--quality", quality, "-o", tmp_path / quality).code == 0
        sizes.append((tmp_path / quality / "one.jpg").stat().st_size)

    assert sizes[1] < sizes[0] / 2
    assert Image.open(tmp_path / "95" / "one.jpg").format == "JPEG"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-o", "x.jpg"), "JPEG has no transparency: --background expected with it"),
        (("-o", "x.png", "--margin", "3px"), "--margin: --crop, --size or --inches expected with it"),
        (("-o", "x.png", "--mask", "--background", "red"), "a mask has none"),
        (("-o", "x.png", "--background", "gone.jpg"), "there is no file gone.jpg"),
        (("-o", "x.png", "--background", "reddish"), "a CSS colour name expected, not 'reddish'"),
        (("-o", "x.png", "--crop", "--margin", "9m"), "margin: one, two or four"),
        (("-o", "x.png", "--quality", "50"), "PNG is lossless"),
        (("-o", "x.jpg", "--background", "red", "--quality", "99"), "at most 95 expected for JPEG"),
        (("-o", "x.png", "--inches", "12"), "inches: WIDTHxHEIGHT expected, such as 12x16"),
        (("-o", "x.png", "--inches", "1x1", "--size", "9x9"), "only one of --size and --inches"),
        (("-o", "x.png", "--fill"), "--fill: --size or --inches expected with it"),
        (("-o", "x.png", "--alpha", "halftone", "--dpi", "72"), "at most half of the dots per inch, 36"),
        (("-o", "x.webp", "--size", "large"), "size: WIDTHxHEIGHT in pixels expected"),
        (("-o", "x.png", "--overwrite", "--skip-existing"), "not both"),
        (("-o", "out", "--watch", "."), "no PHOTO is expected with it"),
    ],
)
def test_what_does_not_go_together(
    cutout: Cutout, photo: Path, configs: Path, monkeypatch: pytest.MonkeyPatch, *, options: Sequence[str], says: str
) -> None:
    """It is refused by name, with exit code 2, and nothing is written."""
    monkeypatch.chdir(photo.parent)
    ended = cutout("remove", photo, "-m", "dark", "--config-dir", configs, *options)

    assert ended.code == 2
    assert says in " ".join(ended.err.split())
    assert not list(photo.parent.glob("x.*"))


def test_existing_results_are_skipped(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """--skip-existing does what is left; if nothing is, no model is loaded, not even one that cannot be."""
    out = tmp_path / "out"
    asked = ("remove", photos, "--skip-existing", "-o", out, "--config-dir", configs, "--json")
    out.mkdir()
    (out / "a.png").write_text("mine")

    part, whole = cutout(*asked, "-m", "dark"), cutout(*asked, "-m", "lost")

    assert (part.code, whole.code) == (0, 0)
    assert sorted(line["status"] for line in part.lines) == ["skipped", "success"]
    assert [line["status"] for line in whole.lines] == ["skipped", "skipped"]
    assert (out / "a.png").read_text() == "mine"
    assert "2 photographs in" in whole.summary
    assert "results: 2 skipped" in whole.summary


def test_a_run_is_summed_up(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """The last line says how many photographs there were, what became of them, and what it cost."""
    asked = ("remove", photos, "-m", "grey", "-m", "broken", "-o", tmp_path / "out", "--config-dir", configs)
    ended = cutout(*asked)

    assert ended.summary.startswith("2 photographs in ")
    assert ended.summary.endswith(" s; results: 2 written, 2 failed, 0.02 USD")


def test_rembgs_names_are_understood(cutout: Cutout, service: Running, photo: Path, tmp_path: Path) -> None:
    """Each shipped network goes by rembg's name, too; a name that no model has is refused with what is known."""
    networks = {
        spec.options["weights"]["name"]: name
        for name, spec in load_registry(Path("configs")).models.items()
        if "weights" in spec.options
    }
    refused = cutout("remove", photo, "-m", "u2netp", "-o", tmp_path / "x.png", "--server", service.url)

    assert networks == OF_REMBG
    assert refused.code == 2
    assert "Unknown model 'u2netp'. Known: all, fused, first" in refused.err
    assert cutout("weights", "pull", "u2netp").code == 0


@pytest.mark.anyio
async def test_a_watched_folder(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there comes, and what arrives, each once it has stopped growing, and again when it has changed."""
    monkeypatch.setattr("cutout_client.batch.watch.LOOK_S", 0.01)
    ended, came = asyncio.Event(), list[str]()
    steps = iter(
        [lambda: (photos / "c.png").write_bytes(b"c"), lambda: (photos / "a.png").write_bytes(b"other"), ended.set]
    )
    async with asyncio.timeout(HANG_S):
        async for photo in arriving(photos, False, None, ended):
            came.append(Path(photo.source).name)
            if len(came) >= 2:
                next(steps)()

    assert came == ["a.png", "b.PNG", "c.png", "a.png"]


def test_watching_ends_by_a_signal(configs: Path, photos: Path, tmp_path: Path) -> None:
    """SIGINT ends a watched folder with a summary and exit code 0; results that exist are kept."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.png").write_text("mine")
    options = ["--watch", str(photos), "-m", "dark", "-o", str(out), "--config-dir", str(configs), "--json"]
    command = ["env", "--default-signal=INT", sys.executable, "-m", "cutout_client.command", "remove", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        states = {process.stdout.readline().count("success"), process.stdout.readline().count("success")}
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=HANG_S)

    assert process.returncode == 0
    assert states == {0, 1}
    assert errors.splitlines()[0] == f"Watching {photos} until Ctrl-C"
    assert "2 photographs in" in errors.splitlines()[-1]
    assert (out / "b.png").read_text() == "mine"
