"""One cutout of a picture, by a model or fused, as pixels; budgets, limits and records apply as everywhere."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from cutout.accounts.keys import KeyRecord
from cutout.errors import ModelUnavailable
from cutout.jobs import Job, Terms
from cutout.pixels.picture import Picture
from cutout.removal import AS_USUAL, Removal
from cutout.results import CutoutPixels, Result
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import select_models
from serve_app.responses.errors import all_failed

CutOut: TypeAlias = Callable[[Job], Awaitable[Result[CutoutPixels]]]
"""Runs a job, with cutouts as pixels: Shotgun.cut_out."""


class OneModel:
    """Makes the cutouts of requests that want one: by one model, or by all local ones combined."""

    def __init__(self, run: CutOut, statuses: ModelStatuses) -> None:
        self._run = run
        self._statuses = statuses

    async def cut_out(
        self, job_id: str, model: str, picture: Picture, key: KeyRecord | None, *, removal: Removal = AS_USUAL
    ) -> CutoutPixels:
        """The cutout.

        Raises:
            BudgetSpent, Forbidden: the caller's budget is spent, or the key may not use the model.
            ProcessingError, ServiceUnavailable: the model failed, or could not start.
        """
        selection = select_models((model,), Terms(), self._statuses, key)
        result = await self._run(Job(job_id, picture, selection, key=key, removal=removal))
        good = {one.model_id: one.outcome for one in result.results if isinstance(one.outcome, CutoutPixels)}
        if not good:
            raise all_failed(result)
        cutout = good.get(model) or next(iter(good.values()))  # fused needs two cutouts, and there was one
        return replace(cutout, cost_usd=result.total_cost_usd)


def answering_model(model: str | None) -> str:
    """The model that service.yaml names.

    Raises:
        ModelUnavailable: it names none.
    """
    if model is None:
        raise ModelUnavailable("This service names no model for callers of this API: drop_in.model in service.yaml")
    return model
