"""Imports point inward only: docs/architecture.md, Who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.patience import HANG_S

ROOT = Path(__file__).parent.parent
RAY = {
    "serve_app/build.py",
    "serve_app/ingress.py",
    "serve_app/fanout/handles.py",
    "serve_app/fanout/room.py",
    "serve_app/fanout/resting.py",
    "serve_app/process/apply.py",
    "serve_app/process/draining.py",
    "serve_app/process/lean.py",
    "serve_app/process/readiness.py",
    "serve_app/process/run.py",
    "serve_app/process/serve_config.py",
    "serve_app/jobs_replica.py",
    "deployments/instruments.py",
    "deployments/own_ray.py",
    "deployments/catalogue/pipeline.py",
}
WIRING = {
    "serve_app/build.py",
    "serve_app/configuration.py",
    "serve_app/process/service.py",
    "cutout_client/cutting/local.py",
}
HTTPX = {"serve_app/jobs/webhooks/sender.py", "serve_app/process/run.py", "serve_app/process/readiness.py"}
HEAVY = {"rembg", "onnxruntime", "openvino"}
SERVERS = {"starlette", "fastapi", "uvicorn"}
FILES = sorted(
    str(file.relative_to(ROOT))
    for ring in ("cutout", "fetching", "deployments", "serve_app", "cutout_client")
    for file in (ROOT / ring).rglob("*.py")
)
ORDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "cutout": (
        ("errors", "spec", "retry_after", "replica_port", "telemetry", "defaults", "whole_file"),
        ("limits",),
        ("pixels", "accounts"),
        ("removal", "service", "comparison", "presets"),
        ("models",),
        ("jobs", "results"),
        ("forms", "picks", "scoring"),
        ("ledger", "cascade"),
    ),
    "cutout.pixels": (
        ("plain", "types", "cores", "bleed"),
        ("picture", "density", "strips", "foreground", "crop", "endings", "smooth", "contact_sheet"),
        ("formats", "resizing", "encoding", "mattes", "semi_transparent"),
        ("decoding", "composite", "ground", "finish"),
        ("finishing", "mended", "thumbnail"),
    ),
    "deployments": (
        ("instruments", "own_ray", "engines", "records"),
        ("backends", "learning"),
        ("remover", "upscaler", "combiner", "budget", "picks"),
        ("ledger",),
        ("replicas", "catalogue"),
    ),
    "deployments.backends": (
        ("base",),
        ("remote",),
        ("onnx", "rembg_session", "luminance", "runware", "kie", "leonardo", "http_api"),
    ),
    "serve_app": (
        ("settings", "contract", "telemetry"),
        ("configuration",),
        ("process", "fanout"),
        ("requests", "storage"),
        ("responses",),
        ("jobs", "dialects"),
        ("endpoints",),
        ("middleware", "openapi"),
        ("app",),
        ("ingress", "jobs_replica"),
        ("build",),
        ("__main__",),
    ),
}
"""The folders and modules of a package, from below: each imports only those on the lines before its own."""
MOST_LEVELS = 12
"""The longest chain of imports: a module without imports of ours is 1."""


def allowed(file: str, package: str) -> bool:
    """Whether a file may import a package; the table of the architecture, row by row."""
    ring = file.split("/", maxsplit=1)[0]
    rules = {
        "ray": file in RAY or file.startswith("deployments/replicas/"),
        "httpx": file in HTTPX or ring in ("fetching", "cutout_client") or file.startswith("deployments/backends/"),
        "fetching": ring in ("fetching", "serve_app")
        or file.startswith(("deployments/backends/", "deployments/catalogue/stages/")),
        "deployments": ring == "deployments"
        or file
        in (
            "serve_app/build.py",
            "serve_app/configuration.py",
            "serve_app/process/apply.py",
            "serve_app/process/run.py",
            "serve_app/process/service.py",
            "cutout_client/cutting/local.py",
            "cutout_client/cutting/catalogue.py",
            "cutout_client/commands/catalogue.py",
            "cutout_client/commands/upscale.py",
        ),
        "serve_app": ring == "serve_app",
        "cutout_client": ring == "cutout_client",
        "yaml": ring == "serve_app" or file in ("cutout/models/registry.py", "deployments/catalogue/shares.py"),
        "PIL": ring in ("cutout", "deployments"),
        "numpy": ring in ("cutout", "deployments"),
    }
    rules |= dict.fromkeys(HEAVY, file.startswith(("deployments/backends/", "deployments/engines/")))
    rules |= dict.fromkeys(SERVERS, ring == "serve_app")
    return rules.get(package, True)


def imports(file: str) -> list[tuple[int, str]]:
    """Line and top-level package of every import, at whatever depth."""
    found = []
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.split(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.lineno, node.module.split(".")[0]))
    return found


@pytest.mark.parametrize("file", FILES)
def test_imports_point_inward(file: str) -> None:
    """No file imports what its ring may not; the offending line is named."""
    broken = [f"{file}:{line} imports {package}" for line, package in imports(file) if not allowed(file, package)]

    assert not broken


LEAN = {
    "cutout.errors",
    "cutout.models.selection",
    "cutout.models.spec",
    "cutout.models.status",
    "cutout.picks.pick",
    "cutout.picks.statistics",
    "cutout.picks.worth",
    "cutout.pixels.endings",
    "cutout.pixels.plain",
    "cutout.retry_after",
    "cutout.spec",
    "cutout.whole_file",
}
"""What the client takes of `cutout`: these need no extra of the package."""
LEAN_PACKAGES = {"httpx", "pydantic", "tenacity", "typer", "rich"}
"""What pyproject.toml lists as dependencies."""
LOCAL = {
    f"cutout_client/cutting/{name}.py" for name in ("catalogue", "finishing", "fusion", "local", "registry", "sheet")
}
MCP = "cutout_client/mcp/server.py"
"""The file that needs the extra `mcp`."""
"""Files of the client that need the extra `local`; others import them, and all else, within functions."""


def at_start(file: str) -> Iterator[str]:
    """The modules that a file imports when it is imported itself."""
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_client_needs_no_extra() -> None:
    """The client, the command and what they import of `cutout` work with the package's own dependencies alone."""
    client = [file for file in FILES if file.startswith("cutout_client/") and file not in (*LOCAL, MCP)]
    lean = [f"{name.replace('.', '/')}.py" for name in LEAN]
    known = LEAN | LEAN_PACKAGES | sys.stdlib_module_names
    broken = [
        f"{file} imports {name}"
        for file in (*client, *lean)
        for name in at_start(file)
        if name not in known and name.split(".")[0] not in (known | {"cutout_client"}) - {"cutout"}
    ]

    assert not broken


def test_environment_is_read_in_few_places() -> None:
    """os.environ is read by the settings, by the command, and for providers' keys; nowhere else."""
    readers = {file for file in FILES if "os.environ" in (ROOT / file).read_text()}

    assert readers <= {
        "serve_app/settings.py", "serve_app/process/run.py", "serve_app/process/apply.py", "serve_app/process/stop.py",
        "serve_app/process/supervisor.py", "serve_app/process/serve_config.py", "deployments/own_ray.py",
        "deployments/backends/remote/backend.py", "cutout/models/rembg_files.py", "deployments/catalogue/pipeline.py",
    }  # fmt: skip


def test_scipy_waits_until_it_is_used() -> None:
    """`import scipy` brings no package of it before one is used: 26 MB in each process of a service."""
    program = "import sys, deployments.remover, deployments.upscaler, serve_app.app; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=HANG_S)
    loaded = set(ran.stdout.split())

    assert "scipy" in loaded
    assert not loaded & {"scipy.ndimage", "scipy.sparse"}


@cache
def graph() -> dict[str, set[str]]:
    """Each module, and those of ours that it imports, at whatever depth."""
    modules = {".".join(Path(file).with_suffix("").parts).removesuffix(".__init__") for file in FILES}
    found: dict[str, set[str]] = {}
    for file in FILES:
        module = ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__")
        found[module] = (set(named(file, modules)) & modules) - {module}
    return found


def named(file: str, modules: set[str]) -> Iterator[str]:
    """What a file imports: modules, and where a package's own name is imported, the package."""
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules else node.module for name in inside)


def test_no_circles() -> None:
    """No module imports itself through others, not even within a function."""
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as circle:
        pytest.fail(" < ".join(circle.args[1]))


def test_chains_of_imports_are_short() -> None:
    """To understand a module, a reader follows at most MOST_LEVELS imports down."""
    chains: dict[str, list[str]] = {}
    for module in TopologicalSorter(graph()).static_order():
        below = max((chains[name] for name in sorted(graph()[module])), key=len, default=[])
        chains[module] = [module, *below]
    longest = max(chains.values(), key=len)

    assert len(longest) <= MOST_LEVELS, " > ".join(longest)


@pytest.mark.parametrize("package", ORDERS)
def test_folders_have_an_order(package: str) -> None:
    """Every folder and module of a package is in the table, and imports only what is below it."""
    rank = {name: number for number, line in enumerate(ORDERS[package]) for name in line}
    inside = {module: unit(module, package) for module in graph() if module.startswith(f"{package}.")}
    assert rank.keys() == set(inside.values()), "ORDERS must name every folder and module"
    broken = [
        f"{module} imports {name}"
        for module, own in inside.items()
        for name in sorted(graph()[module] & inside.keys())
        if inside[name] != own and rank[inside[name]] >= rank[own]
    ]

    assert not broken


def unit(module: str, package: str) -> str:
    """The folder or module directly within a package that a module is, or is in."""
    return module.removeprefix(f"{package}.").split(".", maxsplit=1)[0]
