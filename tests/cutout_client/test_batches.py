"""The client's batches, against the whole service over real HTTP, which runs for all tests of the file."""

import asyncio
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cutout.errors import InvalidFormat, NotFound, ValidationError
from cutout_client import AsyncClient, Batch, BatchItem, Client
from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running

Ask = Callable[..., Any]


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two pictures and a text, in folders of their own."""
    paths = [tmp_path / "photos" / name for name in ("shirts/a.png", "hats/a.png", "hats/notes.png")]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture" if path.stem == "notes" else picture(60 + number))
    return paths


def test_many_pictures(service: Running, photos: list[Path], tmp_path: Path) -> None:
    """Files are sent, results come one by one with their cutouts, and the ZIP is named after the files."""
    with Client(service.url) as client:
        batch_id = client.submit_batch(photos, ["first", "second"], upscale_factor=2, max_cost_usd=0.75)
        items = sorted(client.batch_results(batch_id), key=lambda item: item.number)
        batch = client.wait_batch(batch_id)
        page = client.batch(batch_id, after=2)
        archive = zipfile.ZipFile(client.save_batch(batch_id, tmp_path / "all.zip"))
        client.forget_batch(batch_id)
        with pytest.raises(NotFound):
            client.batch(batch_id)

    assert (batch.status, batch.total_cost_usd, batch.estimate_usd) == ("partial", 0.5, 0.75)
    assert [item.name for item in items] == ["shirts/a.png", "hats/a.png", "hats/notes.png"]
    assert archive.namelist() == ["shirts/a.png", "hats/a.png", "batch.json"]
    assert items[0].save(tmp_path / "one.png").read_bytes() == archive.read("shirts/a.png")
    assert ([item.number for item in page.items], page.next) == ([3], None)
    with pytest.raises(InvalidFormat):
        items[2].check()
    assert len(repr(items[0])) < 1000, "the bytes of pictures are not shown"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip", "one.png", "photos"]


def test_without_a_loop_blocked(service: Running) -> None:
    """AsyncClient does the same: bytes, an address, and a batch that is cancelled."""

    async def used() -> tuple[list[BatchItem], Batch]:
        async with AsyncClient(service.url) as client:
            first = await client.submit_batch([picture(), picture(70)], "first", background=picture(10))
            items = [item async for item in client.batch_results(first)]
            return items, await client.cancel_batch(first)

    items, batch = asyncio.run(used())

    assert sorted((item.name, item.status) for item in items) == [
        ("picture-1", "completed"), ("picture-2", "completed"),
    ]  # fmt: skip
    assert batch.status == "completed", "a batch that has ended stays as it is"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (([picture(), "http://a.test/b.png"],), "not both"),
        (([],), "One of images, image_urls and source"),
        (([picture()], "all", None), "max_cost_usd"),
    ],
)
def test_what_is_refused(service: Running, given: tuple[Any, ...], words: str) -> None:
    """A mixture is refused here, the rest by the service, in its own sentence."""
    with Client(service.url) as client, pytest.raises(ValidationError, match=words):
        client.submit_batch(*given, max_cost_usd=0.1)


def test_a_quote(service: Running) -> None:
    """What a batch would cost."""
    with Client(service.url) as client:
        assert client.estimate_batch(4, ["first", "second"]).estimate_usd == 1.0
