"""The command `cutout`, as it is typed; cutout remove has test_remove.py, and the docs have test_pages.py."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutout.accounts.keys import KeyRing
from deployments.engines import span
from tests.cutout_client.conftest import Cutout
from tests.support.durable_jobs import picture
from tests.support.enlarging import Doubling
from tests.support.loopback_service import Running
from tests.support.patience import HANG_S

HEAVY = {"numpy", "PIL", "pydantic", "httpx", "rich", "onnxruntime", "openvino", "ray", "cutout.spec"}


def test_it_starts_at_once() -> None:
    """--version and --help import none of the heavy parts; they would take seconds."""
    look = f"import sys; import cutout_client.command; print(*({HEAVY} & sys.modules.keys()))"

    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=HANG_S, check=True)
    assert ran.stdout.split() == []


def test_work_in_this_process_imports_nothing_that_calls() -> None:
    """To look at every model, providers' included, no HTTP client is imported: it would take a third of a second."""
    look = (
        "import sys; from cutout_client.cutting import local; from cutout_client.cutting.registry import registry_of; "
    )
    look += "[local.card(spec) for spec in registry_of(None).models.values()]; print('httpx' in sys.modules)"

    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=HANG_S, check=True)
    assert ran.stdout == "False\n"


def test_version_and_help(cutout: Cutout) -> None:
    """Both end well; a command that is none is exit code 2."""
    assert cutout("--version").out == b"1.0.0\n"
    listed = cutout("--help").out
    assert b"remove" in listed
    assert b"..." not in listed.partition(b"Commands:")[2], "what a command does is said in a line"
    assert cutout("remove", "-h").out == cutout("remove", "--help").out
    assert cutout("paint").code == 2


def test_a_key_is_made_listed_and_revoked(cutout: Cutout, tmp_path: Path) -> None:
    """`keys make` prints a key that the ring knows; `list` never shows it; after `revoke` it is refused."""
    file = tmp_path / "keys"

    made = (
        cutout("keys", "make", "Ada", "--model", "local_isnet", "--daily-usd", "2.5", "--file", file)
        .out.decode()
        .strip()
    )
    record = KeyRing.load(file).find(made)
    listed = cutout("keys", "list", "--file", file).out.decode()

    assert record is not None
    assert (record.name, record.models, record.daily_usd) == ("Ada", ("local_isnet",), 2.5)
    assert "Ada" in listed
    assert made not in listed
    assert cutout("keys", "revoke", record.id, "--file", file).code == 0
    assert KeyRing.load(file).find(made) is None


def test_what_is_wrong_is_one_sentence(cutout: Cutout, tmp_path: Path) -> None:
    """A key file that is missing is one sentence on standard error, and exit code 2."""
    ended = cutout("keys", "list", "--file", tmp_path / "nowhere")

    assert ended.code == 2
    assert len(ended.sentences) == 1


@pytest.mark.parametrize("by_service", [False, True])
def test_upscale(cutout: Cutout, service: Running, photos: Path, tmp_path: Path, *, by_service: bool) -> None:
    """Each picture of a folder is twice as large, here and by a service; --json says so."""
    place = ("--server", service.url) if by_service else ()
    ended = cutout("upscale", photos, "-f", "2", "--format", "webp", "-o", tmp_path / "out", "--json", *place)

    assert ended.code == 0, ended.err
    assert [(line["width"], line["height"]) for line in ended.lines] == [(48, 48)] * 2
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.webp", "b.webp"]
    assert Image.open(tmp_path / "out" / "a.webp").size == (48, 48)


def test_upscale_by_a_network(
    cutout: Cutout, service: Running, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`detail` is made here and by a service, of the same pixels."""
    monkeypatch.setattr(span, "span", lambda *_: Doubling())
    asked = ("upscale", photos, "-f", "2", "--method", "detail", "-o")
    here, afar = cutout(*asked, tmp_path / "here"), cutout(*asked, tmp_path / "afar", "--server", service.url)

    assert (here.code, afar.code) == (0, 0), here.err + afar.err
    made = [Image.open(tmp_path / name / "a.png") for name in ("here", "afar")]
    assert made[0].size == (48, 48)
    assert made[0] == made[1]


def test_upscale_refuses_what_is_too_large_for_detail(cutout: Cutout, configs: Path, tmp_path: Path) -> None:
    """By the service's own limit, with its sentence."""
    (configs / "service.yaml").write_text("limits: {detail_px: 575}")
    (tmp_path / "one.png").write_bytes(picture())
    asked = ("upscale", tmp_path / "one.png", "-f", "2", "--config-dir", configs, "-o", tmp_path / "x.png")
    refused = cutout(*asked, "--method", "detail")

    assert (refused.code, cutout(*asked, "--method", "lanczos_sharp").code) == (1, 0)
    assert "one.png: detail enlarges at most 575 pixels 2 times, and the picture has 576" in refused.err


def test_upscale_keeps_transparency_and_limits(cutout: Cutout, configs: Path, tmp_path: Path) -> None:
    """Alpha is enlarged with the colours; a result beyond the configured limit is refused, other factors are, too."""
    clear = np.zeros((30, 30, 4), np.uint8)
    clear[5:20, 5:20] = (200, 30, 30, 255)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    Image.new("RGB", (700, 700)).save(tmp_path / "large.png")

    small = cutout("upscale", tmp_path / "clear.png", "-o", tmp_path / "x.png", "--config-dir", configs)
    large = cutout("upscale", tmp_path / "large.png", "-o", tmp_path / "y.png", "--config-dir", configs)

    assert (small.code, large.code) == (0, 1)
    assert np.asarray(Image.open(tmp_path / "x.png"))[2, 2].tolist() == [0, 0, 0, 0]
    assert large.sentences == [f"{tmp_path}/large.png: The result would have more than 4000000 pixels"]
    assert cutout("upscale", tmp_path / "clear.png", "-f", "3", "-o", tmp_path / "z.png").code == 2


@pytest.mark.parametrize("by_service", [False, True])
def test_compare(cutout: Cutout, service: Running, configs: Path, tmp_path: Path, *, by_service: bool) -> None:
    """The sheet has a panel for the photograph and each model; one that failed is a sentence and exit code 1."""
    (tmp_path / "one.png").write_bytes(picture())
    sheet = tmp_path / "sheets" / "sheet.png"
    place = ("--server", service.url) if by_service else ("--config-dir", configs)
    ended = cutout("compare", tmp_path / "one.png", "-o", sheet, *place)

    assert ended.code == 1
    assert Image.open(sheet).width > 3 * 480
    left_out = [] if by_service else ["lost is left out: no weights yet: cutout weights pull lost"]
    assert ended.sentences == [*left_out, f"{tmp_path}/one.png: broken: out of ink"]
    assert "exists; --overwrite" in cutout("compare", tmp_path / "one.png", "-o", sheet, *place).err
    assert cutout("compare", tmp_path / "gone.png", "-o", tmp_path / "x.png", *place).code == 1


def test_models_are_shown(cutout: Cutout, service: Running, configs: Path) -> None:
    """Each model with its price and licence, and the reason why it cannot work; --json gives scripts the same."""
    shown = cutout("models", "--config-dir", configs).out.decode()
    lines = {line["id"]: line for line in cutout("models", "--json", "--config-dir", configs).lines}
    of_service = cutout("models", "--json", "--server", service.url).lines

    assert all(name in shown for name in ("dark", "grey", "0.01", "MIT", "no weights yet: cutout weights pull lost "))
    assert lines["dark"]["available"]
    assert lines["lost"]["reason"] == "no weights yet: cutout weights pull lost"
    assert [line["id"] for line in of_service] == ["first", "second", "broken"]


def test_configs_here_come_first(
    cutout: Cutout, configs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder configs/ here is taken, unless it is another program's; then it is the one beside this program."""
    (tmp_path / "elsewhere" / "configs").mkdir(parents=True)
    shown = []
    for here in (configs.parent, tmp_path / "elsewhere"):
        monkeypatch.chdir(here)
        shown.append([line["id"] for line in cutout("models", "--json").lines])

    assert shown[0] == ["broken", "dark", "grey", "lost"]
    assert "local_u2netp" in shown[1]


def test_weights_are_pulled(cutout: Cutout, configs: Path) -> None:
    """Weights that are here are not fetched again; those that cannot be had are exit code 3, with what was tried."""
    here = cutout("weights", "pull", "local_u2netp")
    lost = cutout("weights", "pull", "lost", "--config-dir", configs)

    assert here.code == 0
    assert here.out.startswith(b"local_u2netp: already here, sha256:")
    assert lost.code == 3
    assert b"lost: no weights for lost" in lost.out
    assert cutout("weights", "pull", "dark", "--config-dir", configs).code == 2


def test_serve_becomes_the_service(tmp_path: Path) -> None:
    """`serve` turns into `python -m serve_app` with its configuration, as `make run` starts it, in the same process."""
    (tmp_path / "serve_app").mkdir()
    (tmp_path / "serve_app" / "__main__.py").write_text(
        "import os, sys; print(os.getpid(), *sys.argv[1:]); sys.exit(7)"
    )
    command = [sys.executable, "-m", "cutout_client.command", "serve", "mine.yaml"]

    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        out, _ = process.communicate(timeout=HANG_S)
    assert process.returncode == 7
    assert out.split() == [str(process.pid), "mine.yaml"]


def test_a_service_that_is_not_there(cutout: Cutout, photos: Path, tmp_path: Path) -> None:
    """It is one sentence, however many pictures there are, and exit code 3."""
    ended = cutout("upscale", photos, "-o", tmp_path / "out", "--server", "http://127.0.0.1:9")

    assert (ended.code, ended.sentences) == (3, ["http://127.0.0.1:9 could not be reached in 5 attempts"])


def test_json_is_utf8(cutout: Cutout, configs: Path, tmp_path: Path) -> None:
    """A name with letters of other languages stays readable in --json."""
    (tmp_path / "Übergröße.png").write_bytes(picture())
    ended = cutout(
        "remove", tmp_path / "Übergröße.png", "-m", "dark", "-o", tmp_path / "o", "--json", "--config-dir", configs
    )

    assert "Übergröße".encode() in ended.out
    assert json.loads(ended.out)["status"] == "success"
