"""Programs of npm packages, installed by their lock file into a folder that is given."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.support.patience import HANG_S

QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def install(source: Path, folder: Path) -> None:
    """Copy a folder, and install what its package-lock.json pins by checksum; which registry is npm's own affair."""
    for file in source.iterdir():
        shutil.copy(file, folder)
    asyncio.run(run(["npm", "ci", *QUIET, "--cache", str(folder / "cache")], folder, {}))


async def run(command: list[str], folder: Path, variables: Mapping[str, str]) -> bytes:
    """What a program writes."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=os.environ | variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), HANG_S)
    assert process.returncode == 0, f"{out.decode()}\n{errors.decode()}"
    return out
