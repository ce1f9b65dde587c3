"""axe-core, the usual checker of accessibility, from its npm package; it is not kept in this repository."""

import base64
import hashlib
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from filelock import FileLock
from playwright.sync_api import Page

from tests.support.patience import HANG_S

PACKAGE = "axe-core@4.14.1"
INTEGRITY = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
MEMBER = "package/axe.min.js"
OF_COLOURS = ("color-contrast", "link-in-text-block")
"""Rules whose answer depends on colours, which are all that is different in the dark."""


def fetch(folder: Path) -> str:
    """The script, from `folder` or else from npm; its checksum is that of the package's lock entry."""
    archive = folder / "axe-core.tgz"
    with FileLock(folder / "axe-core.lock"):  # of several processes of tests one fetches it
        if not archive.exists():
            _pack(archive)
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert digest == INTEGRITY, f"{PACKAGE} is not the one that was looked at"
    with tarfile.open(archive) as members:
        script = members.extractfile(MEMBER)
        assert script
        return script.read().decode()


def _pack(archive: Path) -> None:
    done = subprocess.run(
        ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(archive.parent)],
        check=True,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    archive.with_name(done.stdout.split()[-1]).rename(archive)


def faults(page: Page, script: str, *rules: str) -> list[str]:
    """Serious and critical faults of the page as it stands, by all rules or by these, each with its element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(script)
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    report: dict[str, Any] = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{fault['id']}: {node['html']} {node['failureSummary']}"
        for fault in report["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
