"""The configuration of a service whose providers are stand-ins: each of their models says so in its name."""

import re
import shutil
from pathlib import Path
from typing import Final

REMOTE: Final = ("runware", "kie", "leonardo", "http_api")
MARK: Final = " (stand-in)"


def marked(configs: Path, folder: Path) -> Path:
    """A copy of a configuration folder in `folder`, with the mark at the name of every model of a provider."""
    copy = folder / "configs"
    shutil.copytree(configs, copy)
    for file in (copy / "models").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        backend = re.search(r"^backend: (\w+)", text, re.MULTILINE)
        if backend and backend[1] in REMOTE:
            file.write_text(re.sub(r"^name: (.*)$", rf"name: \1{MARK}", text, count=1, flags=re.MULTILINE), "utf-8")
    return copy
