"""python -m scripts.container_check [build|run]: the Dockerfile's own steps in clean Debian roots, and their outcome.

For where no container engine is at hand. Each stage gets a root, each instruction is done to it as an engine would;
then the image's command runs in the last one, as its user and as process 1, and must behave: refuse to listen on all
addresses without keys, become healthy by its own health check, answer a picture, end on its stop signal.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.processes import free_port
from scripts import debian_root, dockerfile
from scripts.dockerfile import Step

KEPT = "image.json"
HEALTHY_S = 240
STOP_S = 30
PHOTO = Path("tests/photos/coffee.jpg")


@dataclass
class Image:
    """What a stage has become so far."""

    root: Path
    env: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin"}
    )
    args: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    said: dict[str, str] = field(default_factory=dict)
    """CMD, HEALTHCHECK, STOPSIGNAL and the like, the last of each."""

    @classmethod
    def kept(cls, roots: Path) -> "Image":
        """The last stage of a build in `roots`."""
        fields = json.loads((roots / KEPT).read_text())
        return cls(**fields | {"root": Path(fields["root"])})

    def path(self, name: str) -> Path:
        """Where a path of the image lies on this machine."""
        return self.root / os.path.normpath(os.path.join(self.folder, name)).lstrip("/")


def build(roots: Path, arguments: dict[str, str]) -> None:
    """Every stage in order, each in a folder of its name; the last one's settings beside them."""
    images: dict[str, Image] = {}
    roots.mkdir(parents=True, exist_ok=True)
    for stage in dockerfile.read(Path("Dockerfile"), arguments):
        print(f"FROM {stage.image}", flush=True)
        images[stage.name] = image = Image(roots.resolve() / stage.name)
        debian_root.make(stage.image, image.root)
        for step in stage.steps:
            begun = time.monotonic()
            _do(step, image, images, arguments)
            print(f"  {step.word} {step.value[:100]}  ({time.monotonic() - begun:.1f} s)", flush=True)
    (roots / KEPT).write_text(json.dumps(asdict(image), default=str))


def _do(step: Step, image: Image, images: dict[str, Image], arguments: dict[str, str]) -> None:
    value = step.value if step.word in ("RUN", "CMD", "HEALTHCHECK") else step.expanded(image.args | image.env)
    match step.word:
        case "ARG":
            image.args |= dockerfile.argument(step, arguments)
        case "ENV":
            image.env |= dockerfile.pairs(value)
        case "WORKDIR":
            image.folder = os.path.join(image.folder, value)
            image.path(".").mkdir(parents=True, exist_ok=True)
        case "RUN":
            debian_root.execute(image.root, image.user, image.folder, image.args | image.env, ["/bin/sh", "-c", value])
        case "COPY":
            _copy(value, image, images)
        case "USER":
            image.user = value
        case "CMD" | "HEALTHCHECK" | "STOPSIGNAL" | "EXPOSE" | "VOLUME":
            image.said[step.word] = value
        case _:
            raise ValueError(f"{step.word}: not known to this check")


def _copy(value: str, image: Image, images: dict[str, Image]) -> None:
    options, rest = dockerfile.flags(value)
    *sources, target = rest.split()
    origin = images[options["from"]].root if "from" in options else Path.cwd()
    ignored = [] if "from" in options else Path(".dockerignore").read_text().replace("**/", "").split()
    for source in sources:
        goal = image.path(target) / (source if target.endswith("/") else "")
        debian_root.copy(origin / source.lstrip("/"), goal, ignored)
        if "chown" in options:
            subprocess.run(
                ["chroot", image.root, "chown", "-R", options["chown"], f"/{goal.relative_to(image.root)}"], check=True
            )


def check(image: Image) -> None:
    """Run the image; AssertionError says what it did not do."""
    assert image.user != "root", "the image runs as root"
    refused = subprocess.run(_start(image), capture_output=True, text=True, timeout=STOP_S, check=False)
    assert refused.returncode == 2, refused
    assert "keys are expected" in refused.stderr, refused.stderr
    print("without keys: ", refused.stderr.strip())
    port = free_port()
    service = subprocess.Popen(_start(image, HOST="127.0.0.1", PORT=str(port)))
    try:
        print(f"healthy after {_healthy(image, port, service):.0f} s, as user {_uid(service)}")
        print("a picture:    ", _cut(port))
        begun = time.monotonic()
        os.kill(_first(service), signal.Signals[image.said["STOPSIGNAL"]])
        assert service.wait(STOP_S) == 0, service.returncode
        print(f"ended {time.monotonic() - begun:.1f} s after {image.said['STOPSIGNAL']}, with exit code 0")
    finally:
        service.kill()


def _start(image: Image, **variables: str) -> list[str]:
    words = dockerfile.command(image.said["CMD"])
    return debian_root.inside(image.root, image.user, image.folder, image.env | variables, words)


def _healthy(image: Image, port: int, service: "subprocess.Popen[bytes]") -> float:
    begun = time.monotonic()
    _, command = image.said["HEALTHCHECK"].split("CMD ", 1)
    words = dockerfile.command(command.strip())
    variables = image.env | {"PORT": str(port)}
    while subprocess.run(
        debian_root.inside(image.root, image.user, image.folder, variables, words), capture_output=True, check=False
    ).returncode:
        assert service.poll() is None, "the service ended"
        assert time.monotonic() - begun < HEALTHY_S, "the service did not become healthy"
        time.sleep(1)
    return time.monotonic() - begun


def _cut(port: int) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/remove-background?include_models=all", PHOTO.read_bytes()
    )
    request.add_header("Content-Type", "image/jpeg")
    with urllib.request.urlopen(request, timeout=120) as answer:
        return f"{answer.status}, {len(answer.read()):,} bytes"


def _first(service: "subprocess.Popen[bytes]") -> int:
    return int(Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()[0])


def _uid(service: "subprocess.Popen[bytes]") -> str:
    return next(
        line.split()[1]
        for line in Path(f"/proc/{_first(service)}/status").read_text().splitlines()
        if line.startswith("Uid")
    )


def main() -> int:
    """0 when the image is what it should be."""
    parser = argparse.ArgumentParser(prog="python -m scripts.container_check", description=__doc__)
    parser.add_argument("part", nargs="?", choices=("build", "run"), help="default: both")
    parser.add_argument("--roots", type=Path, help="folder of the roots, which is kept; default: a scratch folder")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    if missing := [tool for tool in ("mmdebstrap", "unshare", "setpriv") if not shutil.which(tool)]:
        print(f"{', '.join(missing)} expected, and root: apt-get install mmdebstrap util-linux", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="cutout-container-") as scratch:
        roots: Path = options.roots or Path(scratch)
        if options.part != "run":
            build(roots, dict(pair.split("=", 1) for pair in options.build_arg))
        if options.part != "build":
            check(Image.kept(roots))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
