"""Clients that others published for remove.bg work unchanged: Python's `removebg` and `remove-bg-api`, Node's.

All have their address written into them. In Python a constant of the module is set to the service's, as
docs/moving-from-remove-bg.md shows. In Node, docs/examples/redirect.cjs is loaded before the client, and sends what is
meant for https://api.remove.bg to the service. Nothing else is touched. The service is served by uvicorn.
"""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import remove_bg_api
from removebg import RemoveBg
from removebg import removebg as removebg_of_pypi

from cutout.accounts.keys import KeyRing, make_key
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from tests.serve_app.dialects.dropped import PHOTO, SUBJECT, drop_in_registry, opened, seen
from tests.support.http_server import served
from tests.support.in_process import shotgun
from tests.support.loopback_web import Host, reply
from tests.support.npm_programs import install, run

pytestmark = pytest.mark.anyio
NODE = Path(__file__).parent / "node"
REDIRECT = Path(__file__).parents[3] / "docs" / "examples" / "redirect.cjs"
KEY, RECORD = make_key("Ann", daily_usd=5.0)


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """Of a service that wants a key."""
    keys = KeyRing(tmp_path / "keys.jsonl")
    keys.add(RECORD)
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    await ledger.start()
    async with served(create_app(shotgun(drop_in_registry(daily_ceiling_usd={}), ledger), ledger, keys)) as url:
        yield url
    await ledger.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    file.write_bytes(PHOTO)
    return file


async def test_python(address: str, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client reads the account, and takes the background from a file, bytes, base64 and an address."""
    monkeypatch.setattr(remove_bg_api, "API_URL", f"{address}/v1.0")
    client = await asyncio.to_thread(remove_bg_api.RemoveBg, KEY)
    assert client.account.balance() == 5.0

    out = photo.with_name("out.png")
    await asyncio.to_thread(client.remove_bg_file, str(photo), str(out), "full", False)
    async with Host({"/a.png": reply(PHOTO)}) as host:
        contents = [
            out.read_bytes(),
            await asyncio.to_thread(client.remove_bg_bytes, PHOTO, size="full"),
            await asyncio.to_thread(client.remove_bg_base64, base64.b64encode(PHOTO).decode(), size="full"),
            await asyncio.to_thread(client.remove_bg_url, f"http://{host.host}/a.png", size="full"),
        ]

    for content in contents:
        assert seen(opened(content)) == SUBJECT
    cropped = await asyncio.to_thread(client.remove_bg_bytes, PHOTO, data={"crop": True, "size": "full"})
    assert opened(cropped).shape[:2] == (SUBJECT.height, SUBJECT.width)
    assert await asyncio.to_thread(client.account.free_api_calls) > 0


async def test_python_sees_errors(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key and a wrong picture raise the client's own errors for 403 and 400."""
    monkeypatch.setattr(remove_bg_api, "API_URL", f"{address}/v1.0")
    with pytest.raises(remove_bg_api.Errors.ApiErrorCode403):
        await asyncio.to_thread(remove_bg_api.RemoveBg, "wrong")

    client = await asyncio.to_thread(remove_bg_api.RemoveBg, KEY)
    with pytest.raises(remove_bg_api.Errors.ApiErrorCode400):
        await asyncio.to_thread(client.remove_bg_bytes, b"no picture")


async def test_removebg_of_pypi(address: str, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the background from a file, an address and base64, and puts a colour behind."""
    monkeypatch.setattr(removebg_of_pypi, "API_ENDPOINT", f"{address}/v1.0/removebg")
    client = RemoveBg(KEY, str(photo.with_name("errors.log")))
    text, out = base64.b64encode(PHOTO), photo.with_name("out.png")
    async with Host({"/a.png": reply(PHOTO)}) as host:
        await asyncio.to_thread(client.remove_background_from_img_file, str(photo))
        await asyncio.to_thread(client.remove_background_from_img_url, f"http://{host.host}/a.png", new_file_name=out)
    contents = [photo.with_name("photo.png_no_bg.png").read_bytes(), out.read_bytes()]
    await asyncio.to_thread(client.remove_background_from_base64_img, text, "4k", new_file_name=out)
    contents.append(out.read_bytes())
    await asyncio.to_thread(client.remove_background_from_base64_img, text, new_file_name=out, bg_color="0f0")

    assert [seen(opened(content)) for content in contents] == [SUBJECT] * 3
    assert np.abs(opened(out.read_bytes())[0, 0].astype(int) - (0, 255, 0, 255)).max() <= 3


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client and what it needs, exactly as the lock file has them, in a folder of its own."""
    folder: Path = tmp_path_factory.mktemp("node")
    install(NODE, folder)
    shutil.copy(REDIRECT, folder)
    return folder


async def node(folder: Path, address: str, name: str, **options: Any) -> Any:
    """What a function of the client gives."""
    command = ["node", "--require", "./redirect.cjs", "call.cjs", name, json.dumps({"apiKey": KEY, **options})]
    return json.loads(await run(command, folder, {"SERVICE": address}))


async def test_node(address: str, node_folder: Path, photo: Path) -> None:
    """The client takes the background from a file, base64 and an address, and reads facts and limits from headers."""
    out = photo.with_name("out.png")
    by_file = await node(
        node_folder, address, "removeBackgroundFromImageFile", path=str(photo), size="full", outputFile=str(out)
    )
    async with Host({"/a.png": reply(PHOTO)}) as host:
        by_url = await node(
            node_folder, address, "removeBackgroundFromImageUrl", url=f"http://{host.host}/a.png", size="full"
        )
    options = {"base64img": base64.b64encode(PHOTO).decode(), "crop": True, "crop_margin": "2px", "size": "auto"}
    cropped = await node(node_folder, address, "removeBackgroundFromImageBase64", **options)

    for answer in (by_file, by_url):
        assert seen(opened(base64.b64decode(answer["result"]["base64img"]))) == SUBJECT
    assert seen(opened(out.read_bytes())) == SUBJECT
    assert opened(base64.b64decode(cropped["result"]["base64img"])).shape[:2] == (SUBJECT.height + 4, SUBJECT.width + 4)
    facts = by_file["result"]
    assert (facts["resultWidth"], facts["resultHeight"], facts["detectedType"]) == ("80", "60", "other")
    assert (facts["creditsCharged"], facts["rateLimit"]) == ("0", "10000")
    assert int(facts["rateLimitRemaining"]) < 10_000


async def test_node_sees_errors(address: str, node_folder: Path, photo: Path) -> None:
    """The client is given the list of errors that remove.bg would give it."""
    call = "removeBackgroundFromImageFile"
    wrong = await node(node_folder, address, call, path=str(photo), size="huge")
    stranger = await node(node_folder, address, call, path=str(photo), apiKey="wrong")

    assert [error["code"] for error in wrong["errors"]] == ["invalid_size"]
    assert [error["code"] for error in stranger["errors"]] == ["auth_failed"]
