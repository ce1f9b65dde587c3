"""The server: the tools over standard input and output, by the official SDK."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.types import ToolAnnotations

from cutout.errors import CutoutError
from cutout_client.client import AsyncClient
from cutout_client.mcp.guards import Guards
from cutout_client.mcp.tools import Tools

P = ParamSpec("P")
T = TypeVar("T")
NEW_FILES, NO_FILES = ToolAnnotations(destructiveHint=False), ToolAnnotations(readOnlyHint=True)
INSTRUCTIONS = """\
Removes backgrounds of pictures by several models. Pictures are read from, and results written to, the folder {folder}.
A picture may cost {most:g} USD at most. `remove` with `auto` is right for most pictures; `compare` shows every model's
cutout; `models` and `estimate` cost nothing."""


async def serve(url: str, api_key: str | None, guards: Guards) -> None:
    """Offer the tools of the service at `url` until standard input ends."""
    server = FastMCP("cutout", INSTRUCTIONS.format(folder=guards.folder, most=guards.max_cost_usd), log_level="WARNING")
    async with AsyncClient(url, api_key) as client:
        tools = Tools(client, guards)
        for writes in (tools.remove, tools.process, tools.compare):
            server.add_tool(_with_sentences(writes), annotations=NEW_FILES, structured_output=True)
        for reads in (tools.estimate, tools.models, tools.jobs):
            server.add_tool(_with_sentences(reads), annotations=NO_FILES, structured_output=True)
        await server.run_stdio_async()


def _with_sentences(tool: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The tool, whose errors are one sentence each, as the SDK shows them to the model."""

    @wraps(tool)
    async def called(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await tool(*args, **kwargs)
        except CutoutError as error:
            raise ToolError(error.message) from error
        except OSError as error:
            raise ToolError(f"{error.filename}: {error.strerror}") from error

    return called
