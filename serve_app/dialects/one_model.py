"""One model's cutout of a decoded picture, as pixels, by way of the shotgun: its budgets, limits and records hold."""

from cutout.accounts.keys import KeyRecord
from cutout.errors import ModelUnavailable
from cutout.jobs import Cutout, Job
from cutout.pixels.picture import Picture
from cutout.removal import Removal
from serve_app.fanout.shotgun import Shotgun
from serve_app.responses.errors import all_failed


async def cut_out(
    shotgun: Shotgun,
    job_id: str,
    model: str,
    picture: Picture,
    key: KeyRecord | None,
    *,
    removal: Removal | None = None,
) -> Cutout:
    """The cutout, whose `rgba` is there.

    Raises:
        BudgetSpent, Forbidden: the caller may not have it now, or not at all.
        ProcessingError, ServiceUnavailable: the model failed, or could not start.
    """
    job = Job(job_id, b"", (model,), key=key, removal=removal, pixels=True)
    result = await shotgun.run(job, picture=picture)
    outcome = result.results[0].outcome
    if not isinstance(outcome, Cutout):
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
