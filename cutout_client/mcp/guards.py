"""What the tools may do, whatever an MCP client asks for: which files they touch, and what they spend."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cutout.errors import ValidationError
from cutout.pixels.endings import READ, READ_WORDS

if TYPE_CHECKING:
    from cutout_client.options import Terms


@dataclass(frozen=True, slots=True)
class Guards:
    """Set by whoever starts the server; a tool's arguments may only ask for less."""

    folder: Path
    """Absolute; only pictures in it are read, and only new files in it are written."""
    max_cost_usd: float
    """The most that one picture may cost, in USD; 0 permits only what is free."""
    local_only: bool
    commercial_only: bool

    def terms(self, max_cost_usd: float | None) -> "Terms":
        """The terms of a request, of which the caller wants to spend no more than `max_cost_usd`."""
        most = self.max_cost_usd if max_cost_usd is None else min(max_cost_usd, self.max_cost_usd)
        return {"max_cost_usd": most, "local_only": self.local_only, "commercial_only": self.commercial_only}

    def picture(self, given: str) -> str | Path:
        """A picture as the client takes it: an http(s) address, or a file.

        Raises:
            ValidationError: the file is not in the folder, or not named as a picture.
        """
        if given.startswith(("http://", "https://")):
            return given
        path = self._inside(given)
        if path.suffix.lower() not in READ:
            raise ValidationError(f"{given}: a {READ_WORDS} file expected")
        return path

    def new(self, name: str) -> Path:
        """Where a new file or folder of this name is written.

        Raises:
            ValidationError: it is not in the folder, or it exists.
        """
        path = self._inside(name)
        if path.exists():
            raise ValidationError(f"{self.shown(path)} exists; another name expected")
        return path

    def shown(self, path: Path) -> str:
        """A file as the tools name it."""
        return str(path.relative_to(self.folder))

    def _inside(self, name: str) -> Path:
        path = Path(os.path.realpath(self.folder / name))  # follows links: none leads out of the folder
        if not path.is_relative_to(self.folder):
            raise ValidationError(f"{name}: a file in {self.folder} expected")
        return path
