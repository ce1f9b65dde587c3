"""A client in TypeScript, generated from the OpenAPI page by openapi-typescript, type-checks."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.serve_app.openapi.test_openapi import described
from tests.support.npm_programs import install, run

SOURCE = Path(__file__).parent / "typescript"
CHECK = ("--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the generator, the compiler and the page are."""
    install(SOURCE, tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(described()))
    return tmp_path


def test_a_generated_client_type_checks(folder: Path) -> None:
    """Requests, answers, errors, headers and webhooks have types; what the page does not allow is no program."""
    binaries = folder / "node_modules" / ".bin"

    asyncio.run(run([str(binaries / "openapi-typescript"), "openapi.json", "-o", "service.d.ts"], folder, {}))
    asyncio.run(run([str(binaries / "tsc"), *CHECK, "client.ts"], folder, {}))

    assert ": unknown" not in (folder / "service.d.ts").read_text().split("export interface components")[0]
