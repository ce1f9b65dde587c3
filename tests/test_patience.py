"""No test asserts how fast a machine is: whatever is waited for has the common ceiling of tests/support/patience.py."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.support.patience import HANG_S, SERVICES_OWN

TESTS = Path(__file__).parent
FILES = sorted(path for path in TESTS.rglob("*.py") if path.name != "patience.py")
MODELS = sorted(path for path in TESTS.rglob("models/*.yaml") if path.name != "never.yaml")
SECONDS = {"timeout", "Timeout", "wait", "alarm", "settimeout"}
"""Calls whose bound in seconds, their first argument, fails a test that was slow."""
CEILED = {"wait_for", "wait_until", "wait_answers", "communicate", "acquire"}
"""Calls whose first argument is another one."""
BOUNDS = {"timeout", "connect", "within_s"}
"""Arguments that are such a bound."""
DEFAULTS = {"timeout_s", "within_s"}
"""Those that a function gives a default."""
CALLERS = {"AsyncClient", "Client", "get", "post", "put", "delete", "request", "stream"}
"""Of httpx: without `timeout` they give up after five seconds."""


def constants(tree: ast.AST) -> dict[str, float]:
    """Numbers that names of a module, and of those modules of the tests that it imports from, stand for."""
    found: dict[str, float] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
            file = TESTS.parent / Path(*str(node.module).split(".")).with_suffix(".py")
            found |= _constants_of(file) if file.exists() else {}
        elif isinstance(node, ast.Assign) and _is_number(node.value):
            found |= {
                name.id: float(ast.literal_eval(node.value)) for name in node.targets if isinstance(name, ast.Name)
            }
    return found


@cache
def _constants_of(file: Path) -> dict[str, float]:
    return constants(ast.parse(file.read_text(encoding="utf-8")))


def short(tree: ast.AST) -> Iterator[int]:
    """Lines that give up after less than the common ceiling."""
    known = constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            bounds = _bounds(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            bounds = _defaults(node.args)
        else:
            continue
        if any(_seconds(bound, known) < HANG_S for bound in bounds):
            yield node.lineno


def _bounds(call: ast.Call) -> list[ast.expr]:
    """What a call takes for its longest wait; five seconds where httpx is told none."""
    named = {word.arg: word.value for word in call.keywords}
    bounds = [value for name, value in named.items() if name in BOUNDS]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    bounds += call.args if name in SECONDS else call.args[1:] if name in CEILED else []
    is_httpx = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "httpx"
    if is_httpx and name in CALLERS and not named.keys() & {"timeout", "transport"}:
        bounds.append(ast.Constant(5))
    return bounds


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    """Defaults of a function's arguments that are such a bound."""
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(plain), reversed(arguments.defaults), strict=False)]
    pairs += [(one, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    return [value for one, value in pairs if one.arg in DEFAULTS]


def _seconds(bound: ast.expr, known: dict[str, float]) -> float:
    """The seconds of a bound that is a number, or the name of one; others come from what is tested."""
    if isinstance(bound, ast.Name):
        return known.get(bound.id, HANG_S)
    return float(ast.literal_eval(bound)) if _is_number(bound) else HANG_S


def _is_number(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and type(value.value) in {int, float}


@pytest.mark.parametrize(
    "line",
    [
        "process.wait(30)", "connection.settimeout(PATIENCE_S)", "httpx.get(url)", "httpx.Client(base_url=url)",
        "run(command, timeout=START_S)", "def told(came, timeout_s=60): ...", "asyncio.wait_for(so(), 2.5)",
    ],
)  # fmt: skip
def test_what_gives_up_early(line: str) -> None:
    """A number, a name for one, a default, and what httpx does by itself."""
    assert [*short(ast.parse(f"PATIENCE_S = 30\nSTART_S = 20.0\n{line}"))] == [3]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_nothing_gives_up_early(path: Path) -> None:
    """A bound in seconds is HANG_S, or comes from what is tested."""
    assert list(short(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", MODELS, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_model_gives_up_early(path: Path) -> None:
    """A model of the tests has the common ceiling, too; by default it has a minute, which is less than a cold start."""
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["timeout_s"] == HANG_S


@pytest.mark.parametrize(("module", "name"), SERVICES_OWN)
def test_what_the_service_waits_for_itself_is_there(module: str, name: str) -> None:
    """A constant that was moved would be short again in tests."""
    assert isinstance(getattr(import_module(module), name), float)
