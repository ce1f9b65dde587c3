"""The Dockerfile, read as scripts/container_check.py reads it."""

import re
from pathlib import Path

from scripts import dockerfile
from scripts.dockerfile import Step

ROOT = Path(__file__).parent.parent.parent


def last(stage: dockerfile.Stage) -> dict[str, str]:
    """The last instruction of each kind."""
    return {step.word: step.value for step in stage.steps}


def test_the_image_is_what_operators_expect() -> None:
    """Two stages on the same base; the last runs as no root, with a health check, and ends on SIGTERM."""
    build, image = dockerfile.read(ROOT / "Dockerfile", {})
    said = last(image)

    assert (build.name, image.image) == ("build", build.image)
    assert said["USER"] not in ("root", "0")
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert dockerfile.command(said["HEALTHCHECK"].split("CMD ", 1)[1])[0] == "python"
    assert dockerfile.command(said["CMD"]) == ["python", "-m", "serve_app"]


def test_every_package_is_installed_by_hash() -> None:
    """Whatever pip fetches is in a lock file with its hashes; the package itself is built from what is here."""
    build, image = dockerfile.read(ROOT / "Dockerfile", {})
    steps = [step.value for step in (*build.steps, *image.steps) if step.word == "RUN"]
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
    """An ARG before FROM names the base, and one inside a stage has a default that the caller may change."""
    build, _ = dockerfile.read(ROOT / "Dockerfile", {"PYTHON": "3.13"})
    weights = next(step for step in build.steps if step.value.startswith("WEIGHTS"))

    assert build.image == "python:3.13-slim-bookworm"
    assert dockerfile.argument(weights, {}) == {"WEIGHTS": "no"}
    assert dockerfile.argument(weights, {"WEIGHTS": "yes"}) == {"WEIGHTS": "yes"}


def test_the_language(tmp_path: Path) -> None:
    """Comments are skipped, lines are joined, variables are put in, flags are split off."""
    file = tmp_path / "Dockerfile"
    file.write_text(
        "# a\nARG A=1\nFROM base:${A} AS one\nENV B=2 C='3 4'\n# b\nRUN x \\\n  && y\nCOPY --from=one a b\n"
    )

    (stage,) = dockerfile.read(file, {})

    assert (stage.image, stage.name) == ("base:1", "one")
    assert dockerfile.pairs(stage.steps[0].value) == {"B": "2", "C": "3 4"}
    assert stage.steps[1] == Step("RUN", "x && y")
    assert dockerfile.flags(stage.steps[2].value) == ({"from": "one"}, "a b")
    assert Step("COPY", "$B/x ${C}y").expanded({"B": "2"}) == "2/x y"
