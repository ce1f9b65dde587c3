"""One model's cutout of a decoded picture, as pixels; budgets, limits and records apply as to every other request."""

from cutout.accounts.keys import KeyRecord
from cutout.errors import ModelUnavailable
from cutout.jobs import Job, Terms
from cutout.pixels.picture import Picture
from cutout.removal import AS_USUAL, Removal
from cutout.results import CutoutPixels, Failure
from serve_app.fanout.selection import select_models
from serve_app.fanout.shotgun import Shotgun
from serve_app.responses.errors import all_failed


async def cut_out(
    shotgun: Shotgun,
    job_id: str,
    model: str,
    picture: Picture,
    key: KeyRecord | None,
    *,
    removal: Removal = AS_USUAL,
) -> CutoutPixels:
    """The cutout.

    Raises:
        BudgetSpent, Forbidden: the caller's budget is spent, or the key may not use the model.
        ProcessingError, ServiceUnavailable: the model failed, or could not start.
    """
    selection = select_models((model,), Terms(), shotgun.statuses, key)
    result = await shotgun.cut_out(Job(job_id, picture, selection, key=key, removal=removal))
    outcome = result.results[0].outcome
    if isinstance(outcome, Failure):
        raise all_failed(result)
    return outcome


def answering_model(model: str | None) -> str:
    """The model that service.yaml names.

    Raises:
        ModelUnavailable: it names none.
    """
    if model is None:
        raise ModelUnavailable("This service names no model for callers of this API: drop_in.model in service.yaml")
    return model
