"""No test asserts how fast a machine is: whatever is waited for has the common ceiling of tests/support/patience.py."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(path for path in TESTS.rglob("*.py") if path.name != "patience.py")
CEILED = {"timeout", "wait", "wait_for", "communicate", "alarm"}
"""Calls whose bound in seconds fails a test that was slow."""
MEANT = {"_hang_up", "timed_out"}
"""Functions whose subject is a caller with less patience than the service needs."""


def short(tree: ast.AST) -> Iterator[int]:
    """Lines that give up after so many seconds, written there, outside of functions that are meant to."""
    meant = [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name in MEANT]
    lines = {line for node in meant for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or node.lineno in lines:
            continue
        bounds = [word.value for word in node.keywords if word.arg == "timeout"]
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in CEILED:
            bounds += node.args[1:]  # of a lone argument nobody knows whether it is a time
        if any(isinstance(bound, ast.Constant) and type(bound.value) in {int, float} for bound in bounds):
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_nothing_gives_up_early(path: Path) -> None:
    """A bound in seconds is HANG_S, or comes from what is tested."""
    assert list(short(ast.parse(path.read_text(encoding="utf-8")))) == []
