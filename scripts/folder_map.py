"""Writes the map of folders in docs/architecture.md from the first line of each package's docstring."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- folders: python -m scripts.folder_map -->\n", "<!-- end of folders -->\n"
PACKAGES = ("cutout", "fetching", "deployments", "serve_app", "cutout_client")


def folder_map() -> str:
    """A line for each package, indented by its depth."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("__init__.py"))]
    lines = [_line(file) for file in files if "migrations" not in file.parts]
    return "```\n" + "\n".join(lines) + "\n```\n"


def with_map(page: str) -> str:
    """The page with the current map."""
    before, after = page.split(BEGIN, maxsplit=1)[0], page.split(END)[1]
    return f"{before}{BEGIN}{folder_map()}{END}{after}"


def _line(file: Path) -> str:
    folder = file.parent.relative_to(ROOT)
    name = "  " * (len(folder.parts) - 1) + folder.name + "/"
    sentence = (ast.get_docstring(ast.parse(file.read_text())) or "").split("\n")[0]
    return f"{name:18}{sentence}"


if __name__ == "__main__":
    PAGE.write_text(with_map(PAGE.read_text()))
