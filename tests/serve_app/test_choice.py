"""Which models run, and why others do not."""

import pytest

from cutout.errors import ModelUnavailable, ValidationError
from cutout.outcome import ModelStatus, Terms
from serve_app.board import Board
from serve_app.choice import choose
from tests.serve_app.parts import model

SPECS = {
    spec.id: spec
    for spec in (
        model("local"),
        model("remote", provider="runware", price_usd=0.01),
        model("hobby", licence={"name": "CC-BY-NC-4.0", "commercial": False}),
        model("absent"),
    )
}


class Silent:
    """A model nobody asks."""

    async def status(self) -> ModelStatus:
        raise AssertionError


@pytest.fixture
def board() -> Board:
    board = Board(SPECS, dict.fromkeys(SPECS, Silent()))
    board._statuses["absent"] = ModelStatus("unavailable", "no weights")
    return board


def test_all_is_every_model_that_is_not_unavailable(board: Board) -> None:
    """`all` leaves out what is known to be unavailable, with the reason; a model that still starts is taken."""
    choice = choose(("all",), Terms(), board)

    assert choice.models == ("local", "remote", "hobby")
    assert choice.skipped == {"absent": "no weights"}
    assert choice.estimate_usd == 0.01


def test_a_model_asked_for_by_name_is_tried(board: Board) -> None:
    """Named beside `all`, an unavailable model runs and fails under its own name."""
    assert choose(("all", "absent"), Terms(), board).models == ("local", "remote", "hobby", "absent")
    assert choose(("absent", "local"), Terms(), board).models == ("absent", "local")


def test_terms_exclude_by_name_as_well(board: Board) -> None:
    """local_only and commercial_only hold for every model, named or not, and say which term it was."""
    local = choose(("remote", "local"), Terms(local_only=True), board)
    sold = choose(("all",), Terms(commercial_only=True), board)

    assert (local.models, local.skipped) == (("local",), {"remote": "it is not local"})
    assert sold.skipped["hobby"] == "its licence, CC-BY-NC-4.0, forbids commercial use"


def test_terms_that_leave_nothing_are_the_callers_error(board: Board) -> None:
    """When the terms exclude every model, the request is wrong and says why."""
    with pytest.raises(ValidationError, match=r"No model is left to run\. remote: it is not local"):
        choose(("remote",), Terms(local_only=True), board)


def test_all_of_nothing_is_unavailable(board: Board) -> None:
    """When every model is unavailable, `all` is 503 with each reason."""
    for name in SPECS:
        board._statuses[name] = ModelStatus("unavailable", "gone")

    with pytest.raises(ModelUnavailable, match="local: gone"):
        choose(("all",), Terms(), board)
