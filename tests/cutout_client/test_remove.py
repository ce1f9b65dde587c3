"""cutout remove, as it is typed."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from cutout.errors import ValidationError
from cutout.forms import AsPixels
from cutout.limits import LimitsSpec
from cutout.models.registry import load_registry
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.endings import READ_WORDS
from cutout.pixels.mattes.refine import refined
from cutout.removal import Removal
from cutout.results import CutoutPixels, Failure
from cutout_client import AsyncClient
from cutout_client.batch.batch import Batch, Output, one_by_one
from cutout_client.batch.destination import Destination
from cutout_client.batch.photos import Photo
from cutout_client.batch.report import Report
from cutout_client.cutting.cutters import ServiceModels
from deployments.backends.base import Resources
from deployments.remover import Remover
from tests.cutout.pixels.mattes.parts import disc, shown
from tests.cutout_client.conftest import Cutout
from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running
from tests.support.patience import HANG_S

ASTRONAUT = Path("tests/photos/astronaut.jpg")


def written(folder: Path) -> list[str]:
    """Every file in a folder, by its path within it."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_folder_by_one_model(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """Every photograph of a folder is cut out under its name; nothing is said but what is none."""
    ended = cutout("remove", photos, "-m", "dark", "-o", tmp_path / "out", "--config-dir", configs)

    assert (ended.code, ended.out, ended.sentences) == (0, b"", [])
    assert ended.left_out == [
        f"{photos}: left out, a folder; --recursive includes it: more",
        f"{photos}: left out, not named as {READ_WORDS}: notes.txt",
    ]
    assert written(tmp_path / "out") == ["a.png", "b.png"]
    assert Image.open(tmp_path / "out" / "a.png").mode == "RGBA"


def test_several_models_and_folders_within(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """With several models the name has the model's id; --recursive keeps the folders' structure."""
    out = tmp_path / "out"
    ended = cutout("remove", photos, "-r", "-m", "dark", "-m", "grey", "-o", out, "--config-dir", configs)

    assert ended.code == 0
    names = ("a", "b", "more/a")
    assert written(out) == sorted(f"{name}.{model}.png" for name in names for model in ("dark", "grey"))


def test_all_are_the_models_that_can_work(cutout: Cutout, configs: Path, tmp_path: Path) -> None:
    """Without -m every available model is asked; one that fails is one sentence, one without weights is left out."""
    (tmp_path / "one.png").write_bytes(picture())
    ended = cutout("remove", tmp_path / "one.png", "-o", tmp_path / "out", "--config-dir", configs, "--json")

    assert ended.code == 1
    assert written(tmp_path / "out") == ["one.dark.png", "one.grey.png"]
    assert ended.sentences == [f"{tmp_path}/one.png: broken: out of ink"]
    assert {line["model_id"]: line["status"] for line in ended.lines} == {
        "dark": "success", "grey": "success", "broken": "error",
    }  # fmt: skip


def test_terms_choose_among_models(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """Models that the terms exclude are left out; those left may cost what the terms allow, and not a cent more."""
    licence = {"name": "MIT", "commercial": True}
    afar = {"name": "Afar", "backend": "luminance", "provider": "afar", "licence": licence, "free": True}
    lent = {"name": "Lent", "backend": "luminance", "licence": {"name": "CC BY-NC", "commercial": False}}
    for name, fields in (("afar", afar), ("lent", lent)):
        (configs / "models" / f"{name}.yaml").write_text(yaml.safe_dump(fields))
    asked = ("remove", photos / "a.png", "--config-dir", configs, "-o", tmp_path / "out")
    models = ("-m", "afar", "-m", "lent", "-m", "grey", "-m", "dark")
    terms = ("--local-only", "--commercial-only", "--max-cost-usd")
    dear, fair = cutout(*asked, *models, *terms, "0.0099"), cutout(*asked, *models, *terms, "0.01")
    nobody = cutout(*asked, "-m", "afar", "-m", "lent", *terms, "1")

    assert (dear.code, fair.code, nobody.code) == (2, 0, 2)
    assert written(tmp_path / "out") == ["a.dark.png", "a.grey.png"]
    assert nobody.sentences == ["None of these models meets the terms: afar, lent"]


def test_patterns_and_one_file(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """A pattern is taken as a shell would; a single result may have a name of its own, whose suffix is its format."""
    many = cutout("remove", f"{photos}/*.png", "-m", "dark", "-o", tmp_path / "out", "--config-dir", configs)
    one = cutout("remove", photos / "a.png", "-m", "dark", "-o", tmp_path / "x" / "one.webp", "--config-dir", configs)

    assert (many.code, one.code) == (0, 0)
    assert written(tmp_path / "out") == ["a.png"]
    assert Image.open(tmp_path / "x" / "one.webp").format == "WEBP"


def test_standard_input_to_standard_output(cutout: Cutout, configs: Path) -> None:
    """`-` is read, and its cutout goes to standard output, and nothing else does."""
    ended = cutout("remove", "-", "-m", "dark", "--config-dir", configs, stdin=picture(shade=60))

    assert ended.code == 0
    assert Image.open(io.BytesIO(ended.out)).size == (24, 24)


def test_a_broken_picture_fails_alone(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """What cannot be read, or is not there, is one sentence each and exit code 1; the others are done."""
    (photos / "aa.png").write_bytes(b"no picture")
    gone = photos / "gone.png"
    ended = cutout("remove", photos, gone, "-m", "dark", "-o", tmp_path / "out", "--config-dir", configs)

    assert ended.code == 1
    assert written(tmp_path / "out") == ["a.png", "b.png"]
    assert sorted(ended.sentences) == [
        f"{photos}/aa.png: Invalid image format. Supported: PNG, JPG, WEBP, AVIF, HEIC, TIFF",
        f"{gone}: No such file or directory",
    ]


def test_what_is_there_is_kept(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """A result that is there already is not replaced, unless --overwrite says so."""
    out = tmp_path / "out"
    asked = ("remove", photos, "-m", "dark", "-o", out, "--config-dir", configs)
    out.mkdir()
    (out / "a.png").write_text("mine")

    kept, content = cutout(*asked), (out / "a.png").read_text()
    replaced = cutout(*asked, "--overwrite")

    assert (kept.code, replaced.code) == (1, 0)
    assert kept.sentences == [f"{photos}/a.png: {out}/a.png exists; --overwrite replaces it, --skip-existing keeps it"]
    assert content == "mine"
    assert Image.open(out / "a.png").format == "PNG"
    assert written(out) == ["a.png", "b.png"]


def test_one_result_never_replaces_another(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """Of two photographs of one name the second fails, even with --overwrite."""
    given = (photos / "a.png", photos / "more" / "a.png")
    ended = cutout("remove", *given, "-m", "dark", "-o", tmp_path / "out", "--overwrite", "--config-dir", configs)

    assert ended.code == 1
    assert ended.sentences == [f"{given[1]}: {tmp_path}/out/a.png is the result of another photograph"]


def test_lines_for_scripts(cutout: Cutout, photos: Path, configs: Path, tmp_path: Path) -> None:
    """--json says of each result where it is, what made it, how long it took and what it cost."""
    ended = cutout("remove", photos / "a.png", "-m", "grey", "-o", tmp_path, "--json", "--config-dir", configs)
    [line] = ended.lines

    assert line.pop("processing_time_ms") >= 0
    assert 0 < line.pop("semi_transparent") < 1
    assert line == {
        "photo": f"{photos}/a.png", "model_id": "grey", "model_name": "Grey", "status": "success",
        "output": f"{tmp_path}/a.png", "cost_usd": 0.01, "licence": "MIT", "commercial_use": True, "device": "CPU",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("{photos}", "-m", "dark"), 2, "-o OUT expected"),
        (("{photos}", "-m", "dark", "-o", "one.png"), 2, "OUT: a folder expected"),
        (("{photos}/a.png", "-m", "all", "-o", "-"), 2, "OUT: a folder expected"),
        (("{empty}", "-m", "dark", "-o", "out"), 2, f"contains no {READ_WORDS} file"),
        (("{photos}", "-m", "nobody", "-o", "out"), 2, "Unknown model 'nobody'. Known: all, fused, broken"),
        (("{photos}", "-m", "lost", "-o", "out"), 3, "no weights for lost"),
        (("{photos}", "-m", "dark", "-o", "out", "--config-dir", "{empty}"), 2, "service.yaml: cannot be read"),
        (("{photos}", "-m", "grey", "-o", "out", "--max-cost-usd", "0"), 2, "would cost 0.01 USD, more than"),
        (("{photos}", "-m", "dark", "-o", "out", "--server", "localhost"), 2, "http://HOST or https://HOST expected"),
    ],
)
def test_what_cannot_be_begun_is_one_sentence(
    cutout: Cutout, photos: Path, configs: Path, tmp_path: Path, *, arguments: Sequence[str], code: int, says: str
) -> None:
    """A wrong command line or configuration is exit code 2, and what cannot be had 3; nothing is written."""
    (tmp_path / "empty").mkdir()
    given = [one.format(photos=photos, empty=tmp_path / "empty") for one in arguments]
    ended = cutout("remove", "--config-dir", configs, *given)

    assert ended.code == code
    assert says in " ".join(ended.err.split())
    assert not Path("out").exists()


def test_a_service_may_do_the_work(cutout: Cutout, service: Running, photos: Path, tmp_path: Path) -> None:
    """With --server the service's models cut; files, lines and sentences are the same."""
    ended = cutout("remove", photos, "-o", tmp_path / "out", "--server", service.url, "--json")

    assert ended.code == 1
    assert written(tmp_path / "out") == [f"{name}.{model}.png" for name in "ab" for model in ("first", "second")]
    assert sorted(ended.sentences) == [f"{photos}/{name}: broken: out of ink" for name in ("a.png", "b.PNG")]
    assert sum(line["cost_usd"] for line in ended.lines) == 0.5


def test_a_service_is_told_the_terms(cutout: Cutout, service: Running, photos: Path, tmp_path: Path) -> None:
    """What costs more than its caller allows is not sent; were it sent, because a price rose, it would be refused."""
    asked = ("remove", photos / "a.png", "-m", "first", "-m", "second", "-o", tmp_path / "out", "--server", service.url)
    ran = len(service.runs)

    async def sent() -> None:
        async with AsyncClient(service.url) as client:
            models = ServiceModels(client, (), {"max_cost_usd": 0.2})
            await anext(models.stream(picture(), ["first", "second"]))

    refused = cutout(*asked, "--max-cost-usd", "0.2")
    with pytest.raises(ValidationError, match="more than max_cost_usd"):
        asyncio.run(sent())
    assert (refused.code, len(service.runs)) == (2, ran)
    assert refused.sentences == ["A photograph would cost 0.25 USD, more than max_cost_usd, 0.2"]
    assert cutout(*asked, "--max-cost-usd", "0.25", "--commercial-only").code == 0


def test_a_service_chooses(cutout: Cutout, service: Running, photos: Path, tmp_path: Path) -> None:
    """With `-m auto` there is one file of each photograph, of the model that the service selects."""
    asked = ("remove", photos / "a.png", "-m", "auto", "-o")
    ended = cutout(*asked, tmp_path / "out", "--server", service.url, "--local-only", "--json")
    alone = cutout(*asked, tmp_path / "none")
    beside = cutout(*asked, tmp_path / "none", "-m", "first", "--server", service.url)

    assert (ended.code, written(tmp_path / "out")) == (0, ["a.png"])
    assert [line["model_id"] for line in ended.lines] in (["first"], ["second"])
    assert (alone.code, beside.code) == (2, 2)
    assert "--server and no other model expected" in " ".join(alone.err.split())


def test_fused_is_the_same_here_and_by_a_service(
    cutout: Cutout, service: Running, configs: Path, tmp_path: Path
) -> None:
    """Alone it gives one file of each photograph, beside models one more; too few cutouts are its failure."""
    photo, here = tmp_path / "one.png", ("--config-dir", configs, "--json")
    photo.write_bytes(picture())
    alone = cutout("remove", photo, "-m", "fused", "-o", tmp_path / "alone", *here)
    beside = cutout("remove", photo, "-m", "dark", "-m", "fused", "-m", "grey", "-o", tmp_path / "beside", *here)
    served = cutout("remove", photo, "-m", "fused", "-o", tmp_path / "served.png", "--server", service.url)
    few = cutout("remove", photo, "-m", "dark", "-m", "fused", "-o", tmp_path / "few", *here)

    assert (alone.code, beside.code, served.code, few.code) == (0, 0, 0, 1)
    assert [line["model_id"] for line in alone.lines] == ["fused"]
    assert written(tmp_path / "beside") == [f"one.{name}.png" for name in ("dark", "fused", "grey")]
    assert few.sentences == [f"{photo}: fused: The cutouts of 2 models are needed, and there is one"]
    here_px, there_px = (np.asarray(Image.open(tmp_path / file)) for file in ("alone/one.png", "served.png"))
    np.testing.assert_array_equal(here_px, there_px)


def test_refine_is_the_same_here_and_by_a_service(
    cutout: Cutout, service: Running, configs: Path, tmp_path: Path
) -> None:
    """--refine changes a matte's soft edges, and as much in this process as by a service."""
    Image.fromarray(shown(disc(soft_px=4))).save(tmp_path / "disc.png")
    here, there = ("-m", "dark", "--config-dir", configs), ("-m", "first", "--server", service.url)
    made = []
    for place, asked in enumerate((here, (*here, "--refine"), (*there, "--refine"))):
        assert cutout("remove", tmp_path / "disc.png", *asked, "-o", tmp_path / f"{place}.png").code == 0
        made.append(np.asarray(Image.open(tmp_path / f"{place}.png"))[..., 3])

    np.testing.assert_array_equal(made[1], refined(shown(disc(soft_px=4)), made[0]))
    np.testing.assert_array_equal(made[1], made[2])


def test_the_shipped_models_give_what_the_service_gives(cutout: Cutout, tmp_path: Path) -> None:
    """A photograph by u2netp, with the configuration that came with the program, is the service's to the last pixel."""
    ended = cutout("remove", ASTRONAUT, "-m", "local_u2netp", "-o", tmp_path)
    spec = load_registry(Path("configs")).models["local_u2netp"]
    remover = Remover(spec, Resources(2), EncodeSpec(), 60)
    photograph = decode(ASTRONAUT.read_bytes(), LimitsSpec())

    async def served() -> CutoutPixels | Failure:
        await remover.start()
        return await remover.remove(photograph, Removal(decontaminate=spec.decontaminate), AsPixels())

    of_service = asyncio.run(served())
    assert ended.code == 0
    assert isinstance(of_service, CutoutPixels)
    ours = np.asarray(Image.open(tmp_path / "astronaut.png")).astype(int)
    assert np.abs(ours - of_service.rgba).max() <= 1  # threads share the sums of a network differently


def test_ctrl_c_ends_it(configs: Path, photos: Path, tmp_path: Path) -> None:
    """SIGINT ends the work at once, with exit code 130, and leaves no half of a file."""
    slow = {"name": "Slow", "backend": "luminance", "licence": {"name": "MIT", "commercial": True}}
    (configs / "models" / "slow.yaml").write_text(yaml.safe_dump({**slow, "options": {"delay_s": 60}}))
    asked = ["remove", str(photos), "-m", "slow", "-m", "dark", "-o", str(tmp_path / "out"), "--json"]
    command = [sys.executable, "-m", "cutout_client.command", *asked, "--config-dir", str(configs)]
    # A shell has what it runs in the background ignore SIGINT, these tests for instance, and theirs inherit that.
    command = ["env", "--default-signal=INT", *command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()  # the first result of `dark` is there, `slow` is at work
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=HANG_S)

    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Interrupted: 0 of 2 photographs in" in errors
    assert all(name.endswith(".dark.png") for name in written(tmp_path / "out"))


def test_a_terminal_sees_a_bar(configs: Path, photos: Path, tmp_path: Path) -> None:
    """Where standard error is a terminal it shows how far the work is; elsewhere nothing is written there."""
    asked = ["remove", str(photos), "-m", "dark", "-o", str(tmp_path / "out"), "--config-dir", str(configs)]
    terminal, shown = os.openpty()
    command = [sys.executable, "-m", "cutout_client.command", *asked]
    with ThreadPoolExecutor(1) as reader:  # a terminal holds a few thousand bytes, which a slow run's bar fills
        read = reader.submit(_until_closed, terminal)
        subprocess.run(command, stderr=shown, check=True, timeout=HANG_S, env={**os.environ, "TERM": "xterm"})
        os.close(shown)

    assert b"photographs" in read.result()


def _until_closed(terminal: int) -> bytes:
    """All that is written to the other end of a terminal, which is closed here, too."""
    found = b""
    with suppress(OSError), open(terminal, "rb", buffering=0) as file:  # Linux reports the end as an error
        while part := file.read(1000):
            found += part
    return found


@pytest.mark.anyio
async def test_photographs_overlap(tmp_path: Path) -> None:
    """While one photograph is worked on others are, too; as many as may be, and no more."""
    meeting, most, now = asyncio.Barrier(3), 0, 0

    async def work(image: bytes, labels: Sequence[str]) -> AsyncIterator[Output]:
        nonlocal most, now
        now += 1
        most = max(most, now)
        async with asyncio.timeout(HANG_S):
            await meeting.wait()
        now -= 1
        yield Output(labels[0], image, None, {})

    for name in range(6):
        (tmp_path / f"{name}.jpg").write_bytes(b"picture")
    photos = [Photo(str(tmp_path / f"{name}.jpg"), Path(str(name))) for name in range(6)]
    with Report(6, as_json=False) as report:
        destination = Destination(tmp_path / "out", None, "png", labelled=False)
        await Batch(destination, "refuse", report).run(one_by_one(photos), work, ["model"], 3)

    assert most == 3
    assert written(tmp_path / "out") == [f"{name}.png" for name in range(6)]
