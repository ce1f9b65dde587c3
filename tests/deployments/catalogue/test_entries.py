"""What the pictures of a catalogue are: those of a folder, or of a table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cutout.errors import CutoutError, NotFound, ValidationError
from deployments.catalogue.entries import entries
from deployments.catalogue.places import place

OUT = place("/elsewhere")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "shoes/a 1.PNG", "notes.txt", ".hidden.jpg", ".cache/c.jpg", "out/b.png"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return tmp_path


def test_a_folder_with_all_below_it(folder: Path) -> None:
    """Every picture by its ending, sorted; hidden files and the results are none."""
    found = entries(str(folder), place(str(folder / "out")))

    assert [entry.name for entry in found] == ["b.jpg", "shoes/a 1.PNG"]
    assert [entry.stem for entry in found] == ["b", "shoes/a 1"]
    assert found[0].address == f"{folder}/b.jpg"


def test_a_picture_that_changes_has_another_version(folder: Path) -> None:
    """A file that was written anew is another picture, and one that was not is the same."""
    before = entries(str(folder), OUT)
    (folder / "b.jpg").write_bytes(b"another")
    changed = [one.version != two.version for one, two in zip(before, entries(str(folder), OUT), strict=True)]

    assert changed == [True, False, False]


@pytest.mark.parametrize("name", ["products.csv", "products.parquet"])
def test_a_table_of_addresses(folder: Path, name: str) -> None:
    """Paths are relative to the table; the other columns are for names; an address counts once, an empty one not."""
    rows = [
        {"sku": "7", "address": "b.jpg"},
        {"sku": "8", "address": "https://shop.example/a%20b.webp?size=2"},
        {"sku": "7", "address": "b.jpg"},
        {"sku": "9", "address": ""},
    ]
    if name.endswith(".csv"):
        text = "\n".join(["sku,address", *(f"{row['sku']},{row['address']}" for row in rows)])
        (folder / name).write_text(text, encoding="utf-8-sig")
    else:
        pq.write_table(pa.Table.from_pylist(rows), folder / name)
    [own, remote] = entries(str(folder / name), OUT)

    assert (own.address, own.columns["sku"], own.stem) == (f"{folder}/b.jpg", "7", "b")
    assert own.version
    assert (remote.stem, remote.version, remote.columns["sku"]) == ("a b", "", "8")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "sku,photo\n1,a.jpg\n", "a column named address, url, image_url, path expected, not sku, photo"),
        ("b.csv", "address\n", "contains no PNG"),
        ("c.parquet", "no", "a Parquet file expected"),
        ("d.csv", "address\n\udce4.jpg\n", "CSV in UTF-8 expected"),
    ],
)
def test_what_is_no_catalogue_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A table without addresses, or that is no table: one sentence says what was expected."""
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValidationError, match=message):
        entries(str(tmp_path / name), OUT)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """A table that is not there, an empty folder, and an address of no object store."""
    with pytest.raises(NotFound):
        entries(str(tmp_path / "gone.csv"), OUT)
    with pytest.raises(ValidationError, match="contains no"):
        entries(str(tmp_path), OUT)
    with pytest.raises(CutoutError, match="a folder, or a URL"):
        entries("ftp://host/folder", OUT)
