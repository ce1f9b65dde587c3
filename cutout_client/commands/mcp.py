"""cutout mcp: an MCP server, over standard input and output."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cutout_client.commands.options import ApiKey, CommercialOnly, LocalOnly

Server = Annotated[str, typer.Option(envvar="CUTOUT_SERVER", metavar="URL", help="The service that does the work.")]
Folder = Annotated[
    Path, typer.Option(metavar="FOLDER", help="Pictures are read from it, and new files written in it; nowhere else.")
]
MaxCostUsd = Annotated[
    float,
    typer.Option(metavar="USD", min=0, help="The most that one picture may cost, whatever is asked for."),
]


def mcp(
    *,
    server: Server = "http://localhost:8000",
    folder: Folder = Path(),
    max_cost_usd: MaxCostUsd = 0.0,
    local_only: LocalOnly = False,
    commercial_only: CommercialOnly = False,
    api_key: ApiKey = None,
) -> None:
    """Serve tools by the Model Context Protocol (MCP).

    An MCP client starts this command, and ends it by ending its standard input. It can remove backgrounds, enlarge,
    compare, estimate and look at jobs.
    """
    from cutout_client.extras import needs

    needs("mcp", "An MCP server")
    if not folder.is_dir():
        raise typer.BadParameter(f"--folder: a folder expected, not {folder}")
    from cutout_client.mcp.guards import Guards
    from cutout_client.mcp.server import serve

    asyncio.run(serve(server, api_key, Guards(folder.resolve(), max_cost_usd, local_only, commercial_only)))
