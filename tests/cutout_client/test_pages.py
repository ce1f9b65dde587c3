"""docs/command.md and docs/client.md against code. `python -m tests.cutout_client.test_pages` writes the help anew."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from cutout_client.command import app
from cutout_client.commands.examples import EXAMPLES
from tests.cutout_client.conftest import Cutout
from tests.support.in_process import model, registry
from tests.support.loopback_service import Running, running
from tests.support.onnx_networks import brightness_network
from tests.support.patience import HANG_S

ROOT = Path(__file__).parent.parent.parent
README, COMMAND, CLIENT = ROOT / "README.md", ROOT / "docs" / "command.md", ROOT / "docs" / "client.md"
HELP = re.compile(r"(?<=<!-- help -->\n).*?(?=<!-- end -->)", re.DOTALL)
LOCALHOST = "http://localhost:8000"
PHOTOS = ("rocket.jpg", "chelsea.jpg")
SIDE_PX = 64
"""Of the small networks' input."""


def blocks(page: Path, language: str) -> list[str]:
    """The page's examples in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    for group in app.registered_groups:
        assert group.typer_instance
        yield from ((str(group.name), _name(one)) for one in group.typer_instance.registered_commands)
    yield from ((_name(one),) for one in app.registered_commands)


def _name(command: typer.models.CommandInfo) -> str:
    return command.name or str(getattr(command.callback, "__name__", ""))


def help_texts() -> str:
    """What every command says of itself."""
    texts = []
    for words in sorted(commands()):
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="cutout", terminal_width=100).output.rstrip()
        texts.append(f"### `cutout {' '.join(words)}`\n\n```text\n{shown}\n```\n")
    return "\n".join(texts)


@pytest.fixture(scope="module")
def local_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service whose models have the shipped ones' names, and no weights."""
    with running(tmp_path_factory.mktemp("service"), registry(model("local_isnet"), model("local_u2netp"))) as service:
        yield service


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the examples are typed: photo.jpg, photos/ with another one, and configs/, whose networks are small."""
    (tmp_path / "photos").mkdir()
    for name, place in zip(PHOTOS, ("photo.jpg", "photos/cat.jpg"), strict=True):
        shutil.copy(ROOT / "tests" / "photos" / name, tmp_path / place)
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    network = brightness_network(tmp_path / "configs" / "small.onnx", SIDE_PX)
    for name, weights in (("local_isnet", "isnet-general-use"), ("local_u2netp", "u2netp")):
        file = tmp_path / "configs" / "models" / f"{name}.yaml"
        spec = yaml.safe_load(file.read_text())
        small = {"weights": {"name": weights, "file": str(network)}, "size_px": SIDE_PX, "bf16_layers": []}
        file.write_text(yaml.safe_dump(spec | {"options": spec["options"] | small}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_is_in_the_docs() -> None:
    """docs/command.md has every command's help, word by word."""
    assert HELP.findall(COMMAND.read_text(encoding="utf-8")) == [help_texts()], f"run python -m {__spec__.name}"


def test_the_commands_examples(cutout: Cutout, local_names: Running, folder: Path) -> None:
    """Every example of docs/command.md and of the README does what it says, in the order shown."""
    (folder / "tests").symlink_to(ROOT / "tests")
    of_readme = re.findall(r"^\.venv/bin/cutout .*$", README.read_text(encoding="utf-8"), re.MULTILINE)
    of_page = "".join(blocks(COMMAND, "sh")).replace(LOCALHOST, local_names.url).splitlines()
    for line in [*of_page, *of_readme]:
        if "<" in line:  # the shell's part
            environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
            subprocess.run(["bash", "-ec", line], check=True, timeout=HANG_S, env=environment)
        else:
            ended = cutout(*shlex.split(line)[1:])
            assert ended.code == 0, f"{line}: {ended.err}"

    files = [file.relative_to(folder) for file in folder.rglob("*")]
    made = {str(file) for file in files if file.suffix in (".png", ".webp") or file.parent.name == "shop"}
    assert made == {
        "cutouts/photo.png", "cutouts/cat.local_isnet.png", "cutouts/cat.local_u2netp.png", "small/cat.webp",
        "cutout.png", "sheet.png", "large.png", "larger.png", "cutouts/chelsea.png", "shop/cat.jpg",
        "by-service/cat.local_isnet.png", "by-service/cat.local_u2netp.png",
    }  # fmt: skip


def test_the_examples_of_the_help() -> None:
    """Every command has examples, and they are command lines that it takes."""
    group = typer.main.get_command(app)
    assert set(EXAMPLES) == {" ".join(words) for words in commands()}

    for name, lines in EXAMPLES.items():
        for line in lines:
            command, words = group, shlex.split(line.partition("cutout ")[2])
            for word in name.split():
                assert words.pop(0) == word
                command = command.commands[word]  # type: ignore[attr-defined]
            command.make_context("cutout", words)


def test_the_clients_examples(local_names: Running, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every Python line of docs/client.md and of the README runs, in the order shown."""
    for page in (CLIENT, README):
        names: dict[str, object] = {"__name__": page.stem}
        for block in blocks(page, "python"):
            exec(compile(block.replace(LOCALHOST, local_names.url), str(page), "exec"), names)  # noqa: S102 - our own

    assert "Invalid image format" in capsys.readouterr().out
    assert {"local_isnet.png", "local_u2netp.png", "framed.jpg", "large.png", "later.png"} <= set(os.listdir(folder))


if __name__ == "__main__":
    COMMAND.write_text(HELP.sub(lambda _: help_texts(), COMMAND.read_text(encoding="utf-8")), encoding="utf-8")
