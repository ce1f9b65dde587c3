"""The Dockerfile: what operators expect of its image, and that nothing is installed without a hash."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """Each stage's instructions, FROM first: the word, and what follows it on its lines."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    found: list[list[Instruction]] = []
    for word, value in (line.split(maxsplit=1) for line in lines if line):
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, value))
    return found


def test_the_image_is_what_operators_expect() -> None:
    """Two stages on the same base; the last runs as no root, with a health check, and ends on SIGTERM."""
    build, image = stages()
    said = dict(image)

    assert build[0][1] == f"{said['FROM']} AS build"
    assert said["USER"] not in ("root", "0")
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(said["HEALTHCHECK"].split("CMD ", 1)[1])[0] == "python"
    assert json.loads(said["CMD"]) == ["python", "-m", "serve_app"]


def test_every_package_is_installed_by_hash() -> None:
    """Whatever pip fetches is in a lock file with its hashes; the package itself is built from what is here."""
    steps = [value for stage in stages() for word, value in stage if word == "RUN"]
    installs = [part for step in steps for part in step.split("pip install ")[1:]]
    locks = {word for part in installs for word in part.replace(";", " ").split() if word.endswith(".lock")}

    assert all("--require-hashes" in part or part.strip().endswith("--no-build-isolation .") for part in installs)
    assert locks == {"requirements.lock", "requirements-build.lock", "requirements-gpu.lock"}
    for lock in locks:
        pinned = re.split(r"^(?=[\w.-]+(?:\[[\w,-]+\])?==)", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
        assert pinned
        assert [one.partition(" ")[0] for one in pinned if "--hash=sha256:" not in one] == []


def test_the_gpus_packages_agree_with_the_others() -> None:
    """What both lock files name has one version: the second is installed over the first."""
    pins = [dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))
            for lock in ("requirements.lock", "requirements-gpu.lock")]  # fmt: skip

    both = pins[0].keys() & pins[1].keys()
    assert both >= {"numpy", "protobuf"}
    assert {name: pins[0][name] for name in both} == {name: pins[1][name] for name in both}


def test_build_arguments_choose_base_and_weights() -> None:
    """PYTHON names the base of both stages; weights are left out unless they are asked for."""
    build, image = stages()

    assert build[0][1].startswith("python:${PYTHON}-slim-")
    assert image[0][1].startswith("python:${PYTHON}-slim-")
    assert ("ARG", "WEIGHTS=no") in build
