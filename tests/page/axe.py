"""axe-core, the usual checker of accessibility, from its npm package; it is not kept in this repository."""

import base64
import hashlib
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support.patience import HANG_S

PACKAGE = "axe-core@4.14.1"
INTEGRITY = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
MEMBER = "package/axe.min.js"


def fetch(folder: Path) -> str:
    """The script, from `folder` or else from npm; its checksum is that of the package's lock entry."""
    archive = folder / "axe-core.tgz"
    if not archive.exists():
        done = subprocess.run(
            ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder)],
            check=True,
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )
        (folder / done.stdout.split()[-1]).rename(archive)
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert digest == INTEGRITY, f"{PACKAGE} is not the one that was looked at"
    with tarfile.open(archive) as members:
        script = members.extractfile(MEMBER)
        assert script
        return script.read().decode()


def faults(page: Page, script: str) -> list[str]:
    """Serious and critical faults of the page as it stands, each with the element at fault."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(script)
    report: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['html']} {node['failureSummary']}"
        for fault in report["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
