"""Pictures in a folder and in S3, the latter by a real HTTP server that speaks it."""

import os
import re
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.errors import ConfigurationError, NotFound, ServiceUnavailable
from serve_app.storage.pictures import PictureStore
from tests.support.s3 import s3

pytestmark = pytest.mark.anyio
__all__ = ["s3"]
JOB, OTHER = str(uuid.uuid4()), str(uuid.uuid4())
PICTURE = bytes(range(256)) * 4096
"""1 MiB."""


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PictureStore:
    """An empty store of each kind."""
    if request.param == "folder":
        return PictureStore.at(str(tmp_path / "pictures"))
    return PictureStore.at(f"{request.getfixturevalue('s3')}/{uuid.uuid4().hex}")


async def test_what_was_put_is_got_back(store: PictureStore) -> None:
    """A picture comes back byte for byte, as a whole and in chunks; a second one of its name replaces it."""
    await store.put(JOB, "local_isnet.png", b"first")
    await store.put(JOB, "local_isnet.png", PICTURE)

    opened = await store.open(JOB, "local_isnet.png")

    assert await store.get(JOB, "local_isnet.png") == PICTURE
    assert opened.size_bytes == await store.size_bytes(JOB, "local_isnet.png") == len(PICTURE)
    assert b"".join([chunk async for chunk in opened.chunks]) == PICTURE


async def test_a_tag_stands_for_the_picture(store: PictureStore) -> None:
    """The same picture has the same tag, a new one under its name another; it is in quotes, as HTTP has it."""
    tags = []
    for picture in (b"one", None, b"two"):
        if picture:
            await store.put(JOB, "first.png", picture)
        tags.append((await store.open(JOB, "first.png")).tag)

    assert tags[0] == tags[1] != tags[2]
    assert all(re.fullmatch(r'"[0-9a-f-]{8,}"', tag) for tag in tags)


async def test_a_picture_that_is_not_there(store: PictureStore) -> None:
    """Reading what is not there is NotFound; deleting it is no fault."""
    await store.drop(JOB, "none.png")

    with pytest.raises(NotFound):
        await store.get(JOB, "none.png")
    with pytest.raises(NotFound):
        await store.open(JOB, "none.png")


async def test_a_jobs_pictures_go_together(store: PictureStore) -> None:
    """Deleting a job deletes all of its pictures, and no other job's."""
    await store.put(JOB, "input", b"1")
    await store.put(JOB, "a.png", b"2")
    await store.put(OTHER, "a.png", b"3")

    await store.drop_job(JOB)

    assert await store.get(OTHER, "a.png") == b"3"
    for name in ("input", "a.png"):
        with pytest.raises(NotFound):
            await store.get(JOB, name)


async def test_the_sweep_takes_what_is_old(tmp_path: Path) -> None:
    """Pictures older than the limit are deleted and counted; younger ones stay."""
    store = PictureStore.at(str(tmp_path))
    await store.put(JOB, "old.png", b"old")
    await store.put(OTHER, "new.png", b"new")
    hour_ago = time.time() - 3600
    os.utime(tmp_path / JOB / "old.png", (hour_ago, hour_ago))

    swept = await store.sweep(older_than_s=1800)

    assert swept == 1
    assert await store.get(OTHER, "new.png") == b"new"
    with pytest.raises(NotFound):
        await store.get(JOB, "old.png")


async def test_the_sweep_leaves_what_is_no_jobs(tmp_path: Path) -> None:
    """A folder that holds other files loses none of them, however old they are; 1.0.0 deleted them after a week."""
    album, loose = tmp_path / "holiday" / "photo.png", tmp_path / "letter.txt"
    store = PictureStore.at(str(tmp_path))
    album.parent.mkdir()
    for file in (album, loose):
        file.write_bytes(b"mine")
        os.utime(file, (0, 0))

    assert await store.sweep(older_than_s=-5) == 0
    assert (album.read_bytes(), loose.read_bytes()) == (b"mine", b"mine")


async def test_the_sweep_of_s3(s3: str) -> None:
    """S3's own times count: nothing is old at once, everything is when the limit is the future."""
    store = PictureStore.at(f"{s3}/{uuid.uuid4().hex}")
    await store.put(JOB, "a.png", b"a")

    assert await store.sweep(older_than_s=3600) == 0
    assert await store.sweep(older_than_s=-3600) == 1


async def test_what_lies_in_the_store(store: PictureStore, tmp_path: Path) -> None:
    """Jobs by what they hold, without marks; a file that is nobody's job, where a folder has one, does not count."""
    await store.put(JOB, "a.png", b"12")
    await store.put(JOB, "b.png", b"345")
    await store.make_room(OTHER)
    if (tmp_path / "pictures").exists():
        (tmp_path / "pictures" / "holiday").mkdir()
        (tmp_path / "pictures" / "holiday" / "photo.png").write_bytes(b"mine")

    [holding] = await store.holdings()

    assert (holding.job_id, holding.size_bytes, sorted(holding.names)) == (JOB, 5, ["a.png", "b.png"])
    assert [await store.dropped(job_id) for job_id in (JOB, OTHER)] == [False, True]


@given(st.one_of(st.just(JOB), st.text(max_size=40)), st.one_of(st.text(max_size=40), st.from_regex(r"[a-z./\\]+")))
async def test_no_place_is_outside(job_id: str, name: str) -> None:
    """Whatever text is given as job and name: either it is not found, or it is the one file `<job>/<name>` inside."""
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "pictures"
        store = PictureStore.at(str(inside))
        try:
            await store.put(job_id, name, b"x")
            expected = {inside, inside / JOB, inside / JOB / name}
        except NotFound:
            expected = {inside}

        assert set(Path(folder).rglob("*")) == expected  # noqa: ASYNC240 - nothing else runs


@pytest.mark.parametrize(
    "name",
    ["../x", "..", ".", "", "a/b", "/etc/passwd", "a\\b", "%2e%2e", "a\0", "A.png", ".png", "a.png\n", "a" * 200],
)
async def test_names_that_are_refused(name: str, tmp_path: Path) -> None:
    """Names that could lead elsewhere, or that a store would write otherwise, are not found, and leave nothing."""
    store = PictureStore.at(str(tmp_path))

    with pytest.raises(NotFound):
        await store.put(JOB, name, b"x")
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - nothing else runs


async def test_a_store_that_is_away() -> None:
    """An S3 that takes no connection is ServiceUnavailable, not a fault of ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-east-1")
        store = PictureStore.at("s3://pictures")

        with pytest.raises(ServiceUnavailable):
            await store.get(JOB, "a.png")


@pytest.mark.parametrize("place", ["ftp://host/x", "http://host/x", "/proc/nowhere/pictures"])
def test_places_that_are_refused(place: str) -> None:
    """An address of another kind, or a folder that cannot be made, stops the start with what was expected."""
    with pytest.raises(ConfigurationError, match="s3://bucket/prefix"):
        PictureStore.at(place)
