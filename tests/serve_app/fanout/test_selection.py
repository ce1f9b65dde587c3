"""Which models run, and why others do not."""

import pytest

from cutout.errors import ModelUnavailable, ValidationError
from cutout.jobs import Terms
from cutout.models.status import ModelStatus
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import estimate_usd, select_models
from tests.support.in_process import Memory, model

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
def statuses() -> ModelStatuses:
    statuses = ModelStatuses(SPECS, dict.fromkeys(SPECS, Silent()), Memory().worths)  # type: ignore[arg-type]
    statuses._statuses["absent"] = ModelStatus("unavailable", "no weights")
    return statuses


def test_all_is_every_model_that_is_not_unavailable(statuses: ModelStatuses) -> None:
    """`all` leaves out what is known to be unavailable, with the reason; a model that still starts is taken."""
    selection = select_models(("all",), Terms(), statuses)

    assert selection.models == ("local", "remote", "hobby")
    assert selection.skipped == {"absent": "no weights"}
    assert estimate_usd(selection, SPECS) == 0.01


def test_a_model_asked_for_by_name_is_tried(statuses: ModelStatuses) -> None:
    """Named beside `all`, an unavailable model runs and fails under its own name."""
    assert select_models(("all", "absent"), Terms(), statuses).models == ("local", "remote", "hobby", "absent")
    assert select_models(("absent", "local"), Terms(), statuses).models == ("absent", "local")


def test_terms_exclude_by_name_as_well(statuses: ModelStatuses) -> None:
    """local_only and commercial_only hold for every model, named or not, and say which term it was."""
    local = select_models(("remote", "local"), Terms(local_only=True), statuses)
    sold = select_models(("all",), Terms(commercial_only=True), statuses)

    assert (local.models, local.skipped) == (("local",), {"remote": "it is not local"})
    assert sold.skipped["hobby"] == "its licence, CC-BY-NC-4.0, forbids commercial use"


def test_terms_that_leave_nothing_are_the_callers_error(statuses: ModelStatuses) -> None:
    """When the terms exclude every model, the request is wrong and says why."""
    with pytest.raises(ValidationError, match=r"No model is left to run\. remote: it is not local"):
        select_models(("remote",), Terms(local_only=True), statuses)


def test_all_of_nothing_is_unavailable(statuses: ModelStatuses) -> None:
    """When every model is unavailable, `all` is 503 with each reason."""
    for name in SPECS:
        statuses._statuses[name] = ModelStatus("unavailable", "gone")

    with pytest.raises(ModelUnavailable, match="local: gone"):
        select_models(("all",), Terms(), statuses)
