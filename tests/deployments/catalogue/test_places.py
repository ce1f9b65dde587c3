"""A folder and a real S3 hold files in the same way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cutout.errors import ConfigurationError, NotFound, ServiceUnavailable
from deployments.catalogue.places import Place, place
from tests.support.s3 import s3  # noqa: F401 - a fixture

pytestmark = pytest.mark.anyio
NAMES = ["a.png", "shoes/b 1.png", "ü/100%.png", "#7+&=?.png"]


@pytest.fixture(params=["folder", "bucket"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """One, empty."""
    if request.param == "folder":
        yield place(str(tmp_path))
    else:
        yield place(f"{request.getfixturevalue('s3')}/{tmp_path.name}/")


async def test_files_are_there_once_they_are_written(out: Place) -> None:
    """Whatever their names, they are listed by them and read again; a second write replaces."""
    for name in NAMES:
        await out.put(name, name.encode())
    await out.put(".catalogue/parts/x.parquet", b"hidden")
    found = {listed.path: listed.version for listed in out.files()}

    assert sorted(found) == sorted(NAMES)
    assert [(await out.get(name)).decode() for name in found] == list(found)
    assert [listed.path for listed in out.files(".catalogue/parts")] == [".catalogue/parts/x.parquet"]
    await out.put("a.png", b"another")
    assert (await out.get("a.png"), found["a.png"] in {one.version for one in out.files()}) == (b"another", False)


async def test_what_is_not_there(out: Place) -> None:
    """Reading it is an error of its own; deleting it, and listing no files, is none."""
    await out.drop("gone.png")
    assert [*out.files("gone")] == []
    with pytest.raises(NotFound):
        await out.get("gone.png")


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The message has the file and the reason."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ServiceUnavailable, match=r"file/a\.png: File exists"):
        await place(str(tmp_path)).put("file/a.png", b"")


@pytest.mark.parametrize("address", ["ftp://host/a", "s3://", "nothing://x"])
def test_an_address_of_no_place(address: str) -> None:
    """It is refused in one sentence."""
    with pytest.raises(ConfigurationError, match="a folder, or a URL"):
        place(address)
