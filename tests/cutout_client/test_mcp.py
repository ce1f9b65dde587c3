"""`cutout mcp` as an MCP client uses it: the official SDK's own client, over standard input and output."""

import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from PIL import Image

from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running

PAGE = Path("docs/mcp.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The server's folder, with a photograph, a text, and a link that leads out of it."""
    (tmp_path / "in" / "shoes").mkdir(parents=True)
    (tmp_path / "in" / "shoes" / "one.png").write_bytes(picture(shade=41))
    (tmp_path / "in" / "notes.txt").write_text("secret")
    (tmp_path / "outside.png").write_bytes(picture(shade=42))
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "outside.png")
    return tmp_path / "in"


@asynccontextmanager
async def connected(service: Running, folder: Path, *options: str) -> AsyncIterator[ClientSession]:
    """A session with a server that this starts."""
    words = ["-m", "cutout_client.command", "mcp", "--server", service.url, "--folder", str(folder), *options]
    async with (
        stdio_client(StdioServerParameters(command=sys.executable, args=words)) as (reads, writes),
        ClientSession(reads, writes) as session,
    ):
        await session.initialize()
        yield session


async def ask(session: ClientSession, tool: str, **arguments: object) -> dict[str, Any]:
    """What a tool answers."""
    answer = await session.call_tool(tool, arguments)
    assert not answer.isError, answer.content
    return answer.structuredContent or {}


async def refused(session: ClientSession, tool: str, **arguments: object) -> str:
    """Why a tool refuses."""
    answer = await session.call_tool(tool, arguments)
    assert answer.isError
    return str(getattr(answer.content[0], "text", ""))


@pytest.mark.anyio
async def test_pictures_by_path(service: Running, folder: Path) -> None:
    """Each tool does its work, and writes files where it says; a model that failed is named with its reason."""
    async with connected(service, folder, "--max-cost-usd", "0.3") as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        removed = await ask(session, "remove", picture="shoes/one.png", model="first")
        framed = await ask(
            session,
            "remove",
            picture="shoes/one.png",
            out="x.jpeg",
            output_format="jpeg",
            background="white",
            crop=True,
        )
        larger = await ask(session, "process", picture="shoes/one.png", model="first", upscale_factor=2)
        compared = await ask(session, "compare", picture="shoes/one.png", models=["all"], out_folder="all")
        price = await ask(session, "estimate", models=["all"])
        models = await ask(session, "models")
        job = await ask(session, "jobs", job_id=compared["job_id"])

    assert set(tools) == {"remove", "process", "compare", "estimate", "models", "jobs"}

    assert all(tool.description and f"| `{name}` |" in PAGE for name, tool in tools.items())
    assert removed["results"][0]["file"] == "shoes/one.cutout.png"
    assert framed["selected_model_id"] in ("first", "second")
    assert Image.open(folder / "x.jpeg").format == "JPEG"
    assert Image.open(folder / larger["results"][0]["file"]).size == (48, 48)
    assert {file.name for file in (folder / "all").iterdir()} == {"first.png", "second.png"}
    assert {one["model_id"]: one["error"] for one in compared["results"]}["broken"] == "out of ink"
    assert (price["estimate_usd"], price["permitted_usd"]) == (0.25, 0.3)
    assert {one["id"]: one["price_usd"] for one in models["result"]}["second"] == 0.25
    assert job["status"] == "partial"


@pytest.mark.anyio
async def test_guards_hold(service: Running, folder: Path) -> None:
    """By default nothing is paid, whatever is asked; nothing outside the folder is read, and no file is replaced."""
    ran, one = len(service.runs), folder / "shoes" / "one.png"
    async with connected(service, folder) as session:
        dear = await refused(session, "remove", picture="shoes/one.png", model="second", max_cost_usd=5)
        outside = [
            await refused(session, "remove", picture=name, model="first")
            for name in ("../outside.png", "link.png", str(folder.parent / "outside.png"))
        ]
        text = await refused(session, "remove", picture="notes.txt", model="first")
        there = await refused(session, "remove", picture="shoes/one.png", model="first", out="shoes/one.png")
        away = await refused(session, "remove", picture="shoes/one.png", model="first", out="../new.png")
        private = await refused(session, "remove", picture="http://127.0.0.1:9/a.png", model="first")
        gone = await refused(session, "remove", picture="gone.png", model="first")

    assert "more than max_cost_usd" in dear
    assert all("a file in" in one for one in [*outside, away])
    assert "a PNG, JPEG, WebP, AVIF, HEIC or TIFF file expected" in text
    assert "shoes/one.png exists; another name expected" in there
    assert "public" in private
    assert "No such file" in gone
    assert len(service.runs) == ran
    assert Image.open(io.BytesIO(one.read_bytes())).size == (24, 24)
