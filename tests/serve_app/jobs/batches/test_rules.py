"""What a batch may spend, and what its items are called."""

import asyncio

import pytest

from cutout.errors import ValidationError
from serve_app.jobs.batches.archive import unique_stems
from serve_app.jobs.batches.budget import BatchBudget
from serve_app.requests.item_names import address_name, item_name


def test_no_item_begins_that_could_go_beyond() -> None:
    """Prices count from an item's beginning, true costs from its end; what ran before a crash goes on in any case."""

    async def spent() -> float:
        return 0.2

    async def begun() -> list[bool]:
        budget, found = BatchBudget(0.5, 0.1, spent), list[bool]()
        for is_new, cost_usd in ((True, 0.1), (False, 0.15), (True, 0.1), (False, 0.0), (True, None), (True, None)):
            try:
                await budget.take(is_new=is_new)
            except ValidationError:
                found.append(False)
            else:
                found.append(True)
            if found[-1] and cost_usd is not None:
                await budget.settle(cost_usd)
        await BatchBudget(None, 9.0, spent).take(is_new=True)
        return found

    # 0.2 spent; 0.1 and 0.15 leave 0.05, too little for a new one; what began before costs nothing, and none is left.
    assert asyncio.run(begun()) == [True, True, False, True, False, False]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a.png", "a.png"), ("x/y/a.png", "x/y/a.png"), ("../../etc/a.png", "etc/a.png"), ("/abs/a.png", "abs/a.png"),
        ("C:\\photos\\a.png", "C_/photos/a.png"), ("a\n.png", "a_.png"), ("", "picture-7"), ("..", "picture-7"),
        (" . ", "picture-7"), ("ä #1.png", "ä #1.png"), ("x" * 300 + ".png", "x" * 196 + ".png"),
    ],
)  # fmt: skip
def test_a_name_is_a_safe_path(given: str, name: str) -> None:
    """Whatever a caller calls a file, it stays below the folder into which an archive is unpacked."""
    assert item_name(given, 7) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://a.test/x/a%20b.png?v=2", "a b.png"), ("http://a.test/", "picture-7"), ("http://[a", "picture-7"),
        ("http://a.test/%2e%2e%2fa.png", "a.png"),
    ],
)  # fmt: skip
def test_the_name_of_an_address(url: str, name: str) -> None:
    """It is the end of the path, decoded."""
    assert address_name(url, 7) == name


def test_names_in_an_archive_are_unique() -> None:
    """Whatever the case; the list's own name is taken."""
    names = ["a.png", "A.jpg", "a-2.png", "x/a.png", "batch.png", "a.tar.gz"]

    assert unique_stems(names) == ["a", "A-2", "a-2-2", "x/a", "batch-2", "a.tar"]
