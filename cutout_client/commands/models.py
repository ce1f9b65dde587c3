"""cutout models: availability, price and licence of every model."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cutout_client.commands.options import ApiKey, ConfigDir, Server

if TYPE_CHECKING:
    from cutout_client.results import ModelInfo


def models(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
    server: Server = None,
    api_key: ApiKey = None,
    config_dir: ConfigDir = None,
) -> None:
    """Show the availability, price and licence of every model, on this machine or on a service."""
    from cutout_client.commands.registry import registry_of
    from cutout_client.local import card

    async def of_service(url: str) -> "tuple[ModelInfo, ...]":
        from cutout_client.client import AsyncClient

        async with AsyncClient(url, api_key) as client:
            return await client.models()

    cards = asyncio.run(of_service(server)) if server else tuple(map(card, registry_of(config_dir).models.values()))
    if as_json:
        for one in cards:
            typer.echo(json.dumps(asdict(one), ensure_ascii=False))
        return
    _show(cards)


def _show(cards: "tuple[ModelInfo, ...]") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("id", no_wrap=True), "available", "USD a picture", "licence", "may be sold", box=box.SIMPLE)
    for one in cards:
        price = f"{one.price_usd:g}" if one.price_usd else "free"
        sold = "yes" if one.commercial_use else "no"
        table.add_row(one.id, "yes" if one.available else one.reason or "not yet", price, one.licence, sold)
    Console().print(table)
