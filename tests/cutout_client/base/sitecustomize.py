"""Hides packages from a Python: those whose top-level modules HIDDEN names, separated by commas."""

import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

HIDDEN = set(os.environ["HIDDEN"].split(","))


class Without:
    """A finder of modules that finds none of those that are hidden."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """See MetaPathFinder."""
        found: ModuleSpec | None = self._finder.find_spec(name, path, target)
        return None if name.partition(".")[0] in HIDDEN else found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


finders: list[MetaPathFinder] = [Without(finder) for finder in sys.meta_path]  # type: ignore[misc]
sys.meta_path[:] = finders
