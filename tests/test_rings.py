"""Imports point inward only: docs/architecture.md, Who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RAY = {
    "serve_app/build.py",
    "serve_app/ingress.py",
    "serve_app/fanout/handles.py",
    "serve_app/process/apply.py",
    "serve_app/process/draining.py",
    "serve_app/process/loopback.py",
    "serve_app/process/readiness.py",
    "serve_app/process/run.py",
    "serve_app/process/serve_config.py",
    "serve_app/jobs_replica.py",
    "deployments/instruments.py",
}
HTTPX = {"serve_app/jobs/webhooks.py", "serve_app/process/run.py", "serve_app/process/readiness.py"}
HEAVY = {"rembg", "onnxruntime", "openvino"}
SERVERS = {"starlette", "fastapi", "uvicorn"}
FILES = sorted(
    str(file.relative_to(ROOT))
    for ring in ("cutout", "fetching", "deployments", "serve_app", "cutout_client")
    for file in (ROOT / ring).rglob("*.py")
)


def allowed(file: str, package: str) -> bool:
    """Whether a file may import a package; the table of the architecture, row by row."""
    ring = file.split("/", maxsplit=1)[0]
    rules = {
        "ray": file in RAY or file.startswith("deployments/replicas/"),
        "httpx": file in HTTPX or ring in ("fetching", "cutout_client") or file.startswith("deployments/backends/"),
        "fetching": ring in ("fetching", "serve_app") or file.startswith("deployments/backends/"),
        "deployments": ring == "deployments"
        or file in ("serve_app/build.py", "serve_app/process/service.py", "cutout_client/local.py"),
        "serve_app": ring == "serve_app",
        "cutout_client": ring == "cutout_client",
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


def test_environment_is_read_in_few_places() -> None:
    """os.environ is read by the settings, by the command, and for providers' keys; nowhere else."""
    readers = {file for file in FILES if "os.environ" in (ROOT / file).read_text()}

    assert readers <= {
        "serve_app/settings.py", "serve_app/process/run.py", "serve_app/process/apply.py", "serve_app/process/stop.py",
        "serve_app/process/supervisor.py", "serve_app/process/serve_config.py", "serve_app/process/loopback.py",
        "deployments/backends/remote/backend.py", "cutout/models/rembg_files.py",
    }  # fmt: skip
