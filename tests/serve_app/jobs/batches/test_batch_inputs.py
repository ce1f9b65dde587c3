"""Where a batch's pictures may come from, and what is refused."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from starlette.testclient import TestClient

from cutout.service import BatchSpec
from serve_app.app import create_app
from tests.serve_app.jobs.batches.parts import ended, files
from tests.support.durable_jobs import Works, built, client, picture, working
from tests.support.lasting_jobs import Lasting
from tests.support.loopback_web import Host, reply
from tests.support.s3 import s3

__all__ = ["s3"]
KEYS = ("spring/shirts/ä #1.png", "spring/hats/b.JPG", "spring/readme.txt", "springs/c.png")


def catalogue(folder: Path) -> str:
    """A store with pictures in a folder."""
    for key in KEYS:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(picture())
    return str(folder)


@pytest.fixture
async def works(tmp_path: Path, sqlite_jobs: Lasting) -> AsyncIterator[Works]:
    """A worker that may read a catalogue."""
    sources = {"catalogue": catalogue(tmp_path / "catalogue"), "gone": str(tmp_path / "nowhere")}
    batch = {"sources": sources}
    async with sqlite_jobs.working(tmp_path, batch=batch) as works:
        yield works


async def done(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A batch by a JSON request, once it has ended."""
    answer = await http.post("/batches", json={"include_models": ["first"], **fields})
    assert answer.status_code == 202, answer.text
    return await ended(http, answer.json())


@pytest.mark.anyio
async def test_a_folder_of_a_source(works: Works) -> None:
    """Its pictures and those below it, in order, by their paths in it; other files and folders are none of it."""
    async with client(works) as http:
        body = await done(http, source="catalogue", prefix="/spring/")
        whole = await done(http, source="catalogue")
        archive = zipfile.ZipFile(io.BytesIO((await http.get(body["results_url"])).content))
        gone = await http.post("/batches", json={"source": "gone"})

    assert [item["name"] for item in body["items"]] == ["hats/b.JPG", "shirts/ä #1.png"]
    assert (body["status"], whole["items_total"]) == ("completed", 3)
    assert archive.namelist() == ["hats/b.png", "shirts/ä #1.png", "batch.json"]
    assert gone.status_code == 503


@pytest.mark.anyio
async def test_a_source_in_s3(tmp_path: Path, s3: str) -> None:
    """An operator's bucket is read, by the credentials of the environment."""
    bucket = boto3.client("s3", region_name="us-east-1")
    for key in KEYS:
        bucket.put_object(Bucket="pictures", Key=f"photos/{key}", Body=picture())
    batch = {"sources": {"photos": "s3://pictures/photos"}, "at_a_time": 1}
    async with working(tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite", batch=batch) as works, client(works) as http:
        body = await done(http, source="photos", prefix="spring")

    assert [item["name"] for item in body["items"]] == ["hats/b.JPG", "shirts/ä #1.png"]
    assert body["status"] == "completed"


@pytest.mark.anyio
async def test_addresses(works: Works) -> None:
    """Each is fetched when its turn has come, by the same rules as an `image_url`; what fails is an item's error."""
    pages = {"/shop/a.png?v=2": reply(picture()), "/b.png": reply(b"", status="404 Not Found")}
    async with Host(pages) as host, client(works) as http:
        urls = [f"http://{host.host}{path}" for path in pages]
        body = await done(http, image_urls=[*urls, "http://127.0.0.2:9/inner.png", "no address"])

    assert [item["status"] for item in body["items"]] == ["completed", "failed", "failed", "failed"]
    assert [item["name"] for item in body["items"]] == ["a.png", "b.png", "inner.png", "no address"]
    assert "status 404" in body["items"][1]["error"]
    assert {item.get("error_type") for item in body["items"][1:]} == {"validation_error"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service whose batches are small."""
    folder = tmp_path_factory.mktemp("small")
    sources = {"catalogue": catalogue(folder / "catalogue")}
    spec = BatchSpec(most_items=2, most_bytes=2_000, sources=sources)
    works = built(folder, f"sqlite:///{folder}/jobs.sqlite", batch=spec, body_bytes=1_500)
    app = create_app(works.shotgun, works.ledger, None, works.durable)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield http
        assert list((folder / "pictures").iterdir()) == [], "what is refused is not kept"


PNG = picture()
REFUSED: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "nothing": ({"json": {}}, 400, "images", "One of images, image_urls and source"),
    "two ways": (
        {"files": files("a.png"), "data": {"source": "catalogue"}}, 400, "source", "Only one of images and source",
    ),
    "too many files": ({"files": files("a.png", "b.png", "c.png")}, 400, "images", "at most 2 pictures"),
    "too many addresses": ({"json": {"image_urls": ["http://a.test/"] * 3}}, 400, "image_urls", "at most 2 pictures"),
    "too many in a source": ({"json": {"source": "catalogue"}}, 400, "prefix", "at most 2 pictures"),
    "too much": ({"files": files(("a.png", b"x" * 1200), ("b.png", b"x" * 1200))}, 413, "images", "2000 bytes"),
    "a large file": ({"files": files(("a.png", b"x" * 1501))}, 413, "images", "Image exceeds"),
    "a text": ({"data": {"images": "a.png"}, "files": [("x", ("", b""))]}, 400, "images", "files in parts"),
    "a file in JSON": ({"json": {"images": ["AAAA"]}}, 400, "images", "files in parts"),
    "a prefix alone": ({"files": files("a.png"), "data": {"prefix": "x"}}, 400, "prefix", "a source is expected"),
    "no such source": ({"json": {"source": "s3://other"}}, 400, "source", "known: catalogue"),
    "out of the source": ({"json": {"source": "catalogue", "prefix": "../x"}}, 400, "prefix", "a folder's path"),
    "an empty folder": ({"json": {"source": "catalogue", "prefix": "none"}}, 400, "prefix", "a folder with pictures"),
    "no such model": ({"files": files("a.png"), "data": {"include_models": "x"}}, 400, "include_models", "Unknown"),
    "jpeg without background": (
        {"files": files("a.png"), "data": {"output_format": "jpeg"}}, 400, "output_format", "no transparency",
    ),
    "a secret alone": ({"files": files("a.png"), "data": {"webhook_secret": "x" * 30}}, 400, "webhook_secret", "url"),
    "an unknown field": ({"json": {"image_url": "http://a.test/"}}, 400, "image_url", "not a field"),
    "a raw picture": ({"content": PNG, "headers": {"Content-Type": "image/png"}}, 400, "Content-Type", "expected"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(small: TestClient, case: str) -> None:
    """Each is answered by one sentence that names the field and what is expected."""
    given, status, field, words = REFUSED[case]

    answer = small.post("/batches", **given)
    error = answer.json()["error"]

    assert (answer.status_code, error["details"].get("field")) == (status, field), error
    assert words in error["message"]
