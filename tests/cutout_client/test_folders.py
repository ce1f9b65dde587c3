"""What a command takes from a folder and where it writes: whatever names and files people have there."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.endings import PICTURES, READ, WRITTEN
from cutout.pixels.formats.kind import READABLE
from cutout.pixels.picture import Picture
from cutout.pixels.plain import MEDIA_TYPES
from tests.cutout_client.conftest import Cutout
from tests.support.durable_jobs import picture
from tests.support.patience import HANG_S

HEIC = Path(__file__).parents[1] / "pictures" / "heic" / "turned.heic"
SIDECAR = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(4064)


NAMES = (b"caf\xe9.png", b"\xff\xfe\xfd.png", "zé.png".encode(), b"two\nlines.png", b"\x1b[31mred.png", b"'a b'$c.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one photograph."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(picture())
    return tmp_path / "in"


def written(folder: Path) -> list[str]:
    """Every file in a folder, by its path within it."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("command", ["upscale", "remove"])
def test_a_picture_that_ends_its_decoder(
    folder: Path, tmp_path: Path, cutout: Cutout, configs: Path, command: str
) -> None:
    """One whose decoding ends the process that does it, as a fault in a library would, fails alone."""
    (folder / "broken.heic").write_bytes(HEIC.read_bytes().replace(b"Exif", b"E\xffif", 1))
    models = ("-m", "dark") if command == "remove" else ()
    ran = cutout(command, folder, *models, "-o", tmp_path / "out", "--config-dir", configs)

    assert ran.code == 1
    assert [line for line in ran.sentences if "broken.heic" in line and "ends its decoder" in line]
    assert written(tmp_path / "out") == ["a.png"]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_any_name(folder: Path, tmp_path: Path, locale: str) -> None:
    """Names of any bytes are worked on; each has its line of JSON in UTF-8, and each fault is one printable line."""
    for name in NAMES:
        place = os.path.join(os.fsencode(folder), name)
        Path(os.fsdecode(place)).write_bytes(picture())
        Path(os.fsdecode(place) + ".png").write_bytes(b"no picture")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cutout_client.command", "upscale", str(folder), "-o", str(out), "--json"]
    variables = {**os.environ, "LC_ALL": locale}
    ended = subprocess.run(command, env=variables, capture_output=True, timeout=HANG_S, check=False)

    lines = [json.loads(line.decode()) for line in ended.stdout.splitlines()]
    made = [os.fsencode(line["output"]) for line in lines if line["status"] == "success"]
    faults = [line for line in ended.stderr.decode().splitlines() if "Invalid image format" in line]
    assert ended.returncode == 1, ended.stderr
    assert sorted(made) == sorted(os.path.join(os.fsencode(out), each) for each in (b"a.png", *NAMES))
    assert len(ended.stderr.splitlines()) - 1 == len(faults) == len(NAMES)  # and the summary
    assert all(fault.isprintable() for fault in faults)


@pytest.mark.parametrize("fault", [struct.error("odd"), TypeError("odd"), RecursionError("deep"), MemoryError()])
def test_any_fault_is_one_photographs(
    cutout: Cutout, folder: Path, tmp_path: Path, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever one photograph makes of this program, the others are done, it is said, and the exit code says so."""
    (folder / "b.png").write_bytes(picture(shade=90))
    decode = Decoder.decode

    async def breaking(decoder: Decoder, data: bytes) -> Picture:
        if data == picture():
            raise fault
        return await decode(decoder, data)

    monkeypatch.setattr(Decoder, "decode", breaking)
    ended = cutout("upscale", folder, "-o", tmp_path / "out", "--json")

    assert ended.code == 1
    assert written(tmp_path / "out") == ["b.png"]
    assert [line["error_type"] for line in ended.lines if line["status"] == "error"] == ["internal_error"]
    assert len(ended.sentences) == 1
    assert ended.sentences[0].startswith(f"{folder}/a.png: Internal error: {type(fault).__name__}")


def test_a_name_that_cannot_be_looked_up_fails_alone(cutout: Cutout, folder: Path, tmp_path: Path) -> None:
    """A name beyond what a file system takes is one sentence; the others are done."""
    ended = cutout("upscale", folder, "x" * 300 + ".png", "-o", tmp_path / "out")

    assert (ended.code, len(ended.sentences)) == (1, 1)
    assert "File name too long" in ended.sentences[0]
    assert written(tmp_path / "out") == ["a.png"]


def test_what_lies_beside_photographs_is_left_out_by_name(cutout: Cutout, folder: Path, tmp_path: Path) -> None:
    """Sidecars of macOS, texts, other pictures, folders, links and sockets are named once, and are no failure."""
    for name, content in (("._a.png", SIDECAR), ("._real.png", picture()), ("b.gif", b"GIF89a"), ("c.txt", b"")):
        (folder / name).write_bytes(content)
    (folder / "within").mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "gone.png").symlink_to(tmp_path / "nowhere")
    ended = cutout("upscale", folder, "-f", "2", "-o", tmp_path / "out")

    assert (ended.code, ended.sentences) == (0, [])
    assert written(tmp_path / "out") == ["._real.png", "a.png"]
    named = {line.rpartition(": ")[2] for line in ended.left_out}
    assert named == {"._a.png", "b.gif, c.txt", "within", "pipe.png", "gone.png"}
    assert all(line.startswith(f"{folder}: left out, ") for line in ended.left_out)


@pytest.mark.parametrize("place", ["in/done", "in/deep/er", "in"])
@pytest.mark.parametrize("labelled", [False, True])
def test_results_are_no_photographs(cutout: Cutout, folder: Path, configs: Path, place: str, labelled: bool) -> None:
    """Run twice, and in another format, into the folder itself or one within: results are never worked on again."""
    models = ("-m", "dark", "-m", "grey") if labelled else ("-m", "dark")
    asked = ("remove", folder, "-r", *models, "-o", folder.parent / place, "--config-dir", configs, "--overwrite")
    first = cutout(*asked)
    files = written(folder)
    again = cutout(*asked)

    assert (first.code, again.code) == (0, 0), again.err
    assert written(folder) == files
    if labelled:
        assert cutout(*asked, "--format", "webp").code == 0
        assert sorted(set(written(folder)) - set(files)) == [
            name.replace(".png", ".webp") for name in files if name != "a.png"
        ]


def test_the_result_of_one_photograph_is_no_second_one(cutout: Cutout, folder: Path) -> None:
    """A file named as OUT in the photographs' own folder is not taken for one of them when it is there."""
    asked = ("upscale", folder, "-f", "2", "-o", folder / "large.png", "--overwrite")

    assert (cutout(*asked).code, cutout(*asked).code) == (0, 0)
    assert Image.open(folder / "large.png").size == (48, 48)


def test_results_that_are_named_are_taken(cutout: Cutout, folder: Path, configs: Path, tmp_path: Path) -> None:
    """The results of one command are what another one is given."""
    cutout("remove", folder, "-m", "dark", "-o", tmp_path / "cut", "--config-dir", configs)
    ended = cutout("upscale", tmp_path / "cut", "-f", "2", "-o", tmp_path / "large")

    assert (ended.code, written(tmp_path / "large")) == (0, ["a.png"])


@pytest.mark.parametrize("ending", sorted(WRITTEN))
def test_out_is_written_as_its_name_says(cutout: Cutout, folder: Path, tmp_path: Path, ending: str) -> None:
    """One photograph to a file: in the format of its ending, upper or lower case."""
    for name in (f"one{ending}", f"two{ending.upper()}"):
        ended = cutout("upscale", folder / "a.png", "-f", "2", "-o", tmp_path / name)

        assert ended.code == 0, ended.err
        assert Image.open(tmp_path / name).format == WRITTEN[ending].upper()


@pytest.mark.parametrize("ending", sorted(PICTURES - WRITTEN.keys()))
def test_what_is_not_written_is_refused_by_name(cutout: Cutout, folder: Path, tmp_path: Path, ending: str) -> None:
    """A picture's ending that is not written is exit code 2, before anything is done; no folder is made of it."""
    ended = cutout("upscale", folder / "a.png", "-o", tmp_path / f"one{ending}")

    assert ended.code == 2
    assert f"{ending} cannot be written" in ended.err
    assert not (tmp_path / f"one{ending}").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (lambda d: ("remove", d / "a.png", "-m", "dark", "-o", d / "x.jpg"), "JPEG has no transparency"),
        (lambda d: ("upscale", d / "a.png", "-o", d / "x.png", "--format", "webp"), "contradicts OUT"),
        (lambda d: ("upscale", d / "a.png", d / "b.png", "-o", d / "x.jpg"), "OUT: a folder expected"),
        (lambda d: ("compare", d / "a.png", "-o", d / "x.jpg"), "a name ending in .png expected"),
    ],
)
def test_what_does_not_go_together_is_refused(
    cutout: Cutout, folder: Path, arguments: Callable[[Path], tuple[object, ...]], says: str
) -> None:
    """A format that a command cannot write, or two that contradict each other, is exit code 2, and nothing is done."""
    ended = cutout(*arguments(folder))

    assert ended.code == 2
    assert says in " ".join(ended.err.split())
    assert written(folder) == ["a.png"]


def test_transparency_turns_white_in_jpeg(cutout: Cutout, tmp_path: Path) -> None:
    """JPEG has none, so that what is transparent is white there, as the service does it."""
    Image.new("RGBA", (8, 8), (200, 0, 0, 0)).save(tmp_path / "clear.png")

    assert cutout("upscale", tmp_path / "clear.png", "-o", tmp_path / "x.jpg").code == 0
    assert Image.open(tmp_path / "x.jpg").getpixel((4, 4)) == (255, 255, 255)


def test_endings_are_those_of_the_formats() -> None:
    """What the command takes and writes is what the decoder reads and the encoder writes."""
    assert set(WRITTEN.values()) == MEDIA_TYPES.keys()
    assert set(READ.values()) == set(READABLE)
