"""python -m scripts.profiles: write configs/profiles/*.yaml and the Serve part of configs/rayservice.yaml anew.

From serve_config.yaml and configs/profiles/differences.yaml; a test checks that the files are these.
"""

import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

BASE = Path("serve_config.yaml")
FOLDER = Path("configs/profiles")
DIFFERENCES = FOLDER / "differences.yaml"
RAY_SERVICE = Path("configs/rayservice.yaml")
HEAD = "# Written by `make profiles` from serve_config.yaml and differences.yaml: change those.\n"
SERVE_PART = re.compile(r"(?<=^  serveConfigV2: \|\n)(    .*\n|\n)+", re.MULTILINE)


def files() -> dict[Path, str]:
    """What each written file has to hold."""
    differences: dict[str, Any] = yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8"))
    profiles = {name: profile(difference) for name, difference in differences.items()}
    written = {FOLDER / f"{name}.yaml": HEAD + _dump(config) for name, config in profiles.items()}
    serve_part = textwrap.indent(_dump(profiles["cluster"]), "    ")
    return written | {RAY_SERVICE: SERVE_PART.sub(lambda _: serve_part, RAY_SERVICE.read_text(encoding="utf-8"))}


def profile(difference: dict[str, Any]) -> dict[str, Any]:
    """The laptop's configuration with the difference merged into it.

    Raises:
        ValueError: the difference names a deployment that the laptop does not have.
    """
    config: dict[str, Any] = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    application = config["applications"][0]
    entries = {entry["name"]: entry for entry in application["deployments"]}
    changes = difference.pop("deployments")
    if unknown := changes.keys() - entries.keys():
        raise ValueError(f"{DIFFERENCES}: {', '.join(unknown)}: a deployment of {BASE} expected")
    application["deployments"] = [_merged(entry, changes.get(name, {})) for name, entry in entries.items()]
    return _merged(config, difference)


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in change.items():
        nested = isinstance(value, dict) and isinstance(base.get(name), dict)
        merged[name] = _merged(base[name], value) if nested else value
    return merged


class _Dumper(yaml.SafeDumper):
    """Every value in full: what is shared in serve_config.yaml by an anchor is no reference here."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


def _dump(config: dict[str, Any]) -> str:
    return yaml.dump(config, Dumper=_Dumper, sort_keys=False, width=120)


if __name__ == "__main__":
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
