"""docs/architecture.md agrees with the tree and with the rules of imports."""

import re

from scripts.folder_map import PAGE, ROOT, with_map
from tests.test_rings import ORDERS

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_map_of_folders_is_current() -> None:
    """Every package has its line, which is the first of its docstring; `python -m scripts.folder_map` writes them."""
    assert with_map(TEXT) == TEXT


def test_the_order_of_folders_is_that_of_the_rings() -> None:
    """Each row of the page's table of orders is what tests/test_rings.py checks."""
    for package, lines in ORDERS.items():
        order = " < ".join(", ".join(f"`{name}`" for name in line) for line in lines)
        assert f"| `{package}` | {order} |" in TEXT


def test_named_files_exist() -> None:
    """Every file and folder that the page names is there, at its path or within a package."""
    names = set(re.findall(r"`([a-z_/]+(?:\.(?:py|md|yaml)|/))`", TEXT))
    ours = [folder for folder in ROOT.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    paths = {f"/{path.relative_to(ROOT)}{'/' * path.is_dir()}" for folder in ours for path in folder.rglob("*")}
    missing = sorted(
        name for name in names if not (ROOT / name).exists() and not any(path.endswith(f"/{name}") for path in paths)
    )

    assert not missing
