"""python -m scripts.client_types: writes the types of clients/javascript from the OpenAPI document. Needs npm."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from serve_app.endpoints.table import ENDPOINTS
from serve_app.openapi.document import document

PACKAGE = Path(__file__).parent.parent / "clients" / "javascript"
TYPES = Path("src", "service.ts")
QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def copied(folder: Path) -> Path:
    """A copy of the package in a folder, with the tools that its lock file pins; which registry is npm's own affair."""
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    subprocess.run(["npm", "ci", *QUIET], cwd=folder, check=True)
    return folder


def types(copy: Path) -> str:
    """The types of the document, made by the tools of a copy."""
    (copy / "openapi.json").write_text(json.dumps(document(ENDPOINTS, has_keys=True)))
    command = ["node_modules/.bin/openapi-typescript", "openapi.json", "--output", str(TYPES)]
    subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    return (copy / TYPES).read_text()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        (PACKAGE / TYPES).write_text(types(copied(Path(scratch, "package"))))
