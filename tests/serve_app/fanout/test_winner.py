"""Which of several cutouts answers."""

import asyncio

import pytest

from cutout.errors import ModelBusy, ValidationError
from cutout.results import CutoutFile, Failure, ModelResult
from serve_app.fanout.winner import WinnerChoice, check_single
from tests.serve_app.fanout.test_shotgun import fired, job, nothing
from tests.support.patience import HANG_S, when


async def busy() -> None:
    raise ModelBusy("Model is busy: its queue is full")


@pytest.mark.anyio
async def test_the_first_good_cutout_ends_the_job() -> None:
    """The first success is the choice; the others are cancelled, and what they may have charged counts as spent."""
    scripts = {"slow": asyncio.Event().wait, "broken": busy, "fast": nothing}
    shotgun, models = fired(scripts, price_usd=0.25)  # type: ignore[arg-type]

    result = await asyncio.wait_for(shotgun.run(job(shotgun), enough=WinnerChoice().enough), HANG_S)

    assert WinnerChoice().winner(result).model_id == "fast"
    assert models["slow"].cancelled
    slow = result.results[0].outcome
    assert isinstance(slow, Failure)
    assert (slow.message, slow.cost_usd) == ("Called off: another cutout was enough", 0.25)
    assert result.total_cost_usd == 0.75


@pytest.mark.anyio
async def test_the_best_is_waited_for_and_no_more() -> None:
    """A better model is waited for while it works, a worse one is not; what failed or was not fired does not count."""
    later = asyncio.Event()
    scripts = {"worst": asyncio.Event().wait, "good": later.wait, "best": busy, "quick": nothing}
    shotgun, models = fired(scripts)  # type: ignore[arg-type]
    winner = WinnerChoice(("elsewhere", "best", "good", "quick", "worst"))

    running = asyncio.create_task(shotgun.run(job(shotgun), enough=winner.enough))
    await when(lambda: models["quick"].done and models["worst"].asked)
    assert not running.done()
    later.set()
    result = await asyncio.wait_for(running, HANG_S)

    assert winner.winner(result).model_id == "good"
    assert models["worst"].cancelled
    assert [type(one.outcome) for one in result.results] == [Failure, CutoutFile, Failure, CutoutFile]


def test_one_picture_of_several_needs_a_pick() -> None:
    """Several models are refused without a pick; one model needs none."""
    check_single(("a",))
    with pytest.raises(ValidationError, match="pick: 2 models would answer"):
        check_single(("a", "b"))


def test_nothing_is_enough_before_it_is_there() -> None:
    """No result and failures alone are not enough."""
    failed = {"a": ModelResult("a", Failure("a", "processing_error", "no"), 1.0)}
    assert not WinnerChoice().enough({}, ("a", "b"))
    assert not WinnerChoice(("a", "b")).enough(failed, ("a", "b"))
