"""cutout models: availability, price and licence of every model."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cutout_client.commands.options import ApiKey, ConfigDir, Server

if TYPE_CHECKING:
    from pathlib import Path

    from cutout_client.results import ModelInfo

HEADINGS = ("id", "available", "USD a picture", "licence", "may be sold")


def models(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
    server: Server = None,
    api_key: ApiKey = None,
    config_dir: ConfigDir = None,
) -> None:
    """Show each model's availability, price and licence.

    On this machine, or on a service.
    """
    from cutout_client.commands.tables import print_table

    cards = asyncio.run(_of_service(server, api_key)) if server is not None else _of_this_machine(config_dir)
    if not as_json:
        print_table(HEADINGS, map(_row, cards))
    for one in cards if as_json else ():
        typer.echo(json.dumps(asdict(one), ensure_ascii=False))


async def _of_service(url: str, api_key: str | None) -> "tuple[ModelInfo, ...]":
    from cutout_client.client import AsyncClient

    async with AsyncClient(url, api_key) as client:
        return await client.models()


def _of_this_machine(config_dir: "Path | None") -> "tuple[ModelInfo, ...]":
    from cutout_client.extras import needs_local

    needs_local()
    from cutout_client.cutting.local import card
    from cutout_client.cutting.registry import registry_of

    return tuple(map(card, registry_of(config_dir).models.values()))


def _row(one: "ModelInfo") -> tuple[str, ...]:
    available = "yes" if one.available else one.reason or "not yet"
    price = f"{one.price_usd:g}" if one.price_usd else "free"
    return one.id, available, price, one.licence, "yes" if one.commercial_use else "no"
