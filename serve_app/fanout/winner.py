"""Which of several cutouts answers when one picture is accepted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cutout.errors import ValidationError
from cutout.jobs import Cutout, ModelResult, Result
from cutout.picks.statistics import Stats, Tally
from serve_app.contract import PickForm
from serve_app.requests.accept import Reply

FIELD = "pick"


@dataclass(frozen=True, slots=True)
class WinnerChoice:
    """Chooses by the models' order; without one, whichever is first."""

    order: tuple[str, ...] | None = None
    """Every model, the best one first."""

    def enough(self, results: Mapping[str, ModelResult], models: Collection[str]) -> bool:
        """Whether none of the models fired that is still at work could change the choice."""
        good = {name for name, one in results.items() if isinstance(one.outcome, Cutout)}
        if self.order is None:
            return bool(good)
        fired = (name for name in self.order if name in models)
        return next((name for name in fired if name in good or name not in results), None) in good

    def winner(self, result: Result) -> ModelResult:
        """The chosen one among a job's cutouts, of which there is at least one."""
        good = [one for one in result.results if isinstance(one.outcome, Cutout)]
        order = self.order
        return min(good, key=lambda one: one.wall_ms if order is None else order.index(one.model_id))


def ranked(stats: Stats, category: str | None, models: Iterable[str]) -> tuple[str, ...]:
    """Models by the lower end of their win rate's interval: within the category, then in all picks, then as they stand.

    A model that was never offered has 0, and so have all of them in a category without picks.
    """
    tallies = [stats.categories[category]] if category in stats.categories else []
    lows = [_lows(tally) for tally in (*tallies, stats.total)]
    return tuple(sorted(models, key=lambda name: [-low.get(name, 0.0) for low in lows]))


def check_pick(form: PickForm, reply: Reply, *, durable: bool) -> None:
    """Refuse what asks for a choice where none is made.

    Raises:
        ValidationError: it names `pick` or `image_category`.
    """
    if form.pick and reply.kind != "picture":
        message = "pick: an Accept of one picture, such as image/png, is expected with it"
        raise ValidationError.of_field(FIELD, message, form.pick)
    if form.pick and durable:
        message = "pick: the others are called off, so it does not go with Idempotency-Key, Prefer or webhook_url"
        raise ValidationError.of_field(FIELD, message, form.pick)
    if form.image_category is not None and form.pick != "best":
        raise ValidationError.of_field("image_category", "image_category: pick: best is expected with it")


def check_single(models: Sequence[str], pick: str | None) -> None:
    """Refuse to answer with one picture when there may be several.

    Raises:
        ValidationError: it names `pick`.
    """
    if len(models) > 1 and pick is None:
        message = f"pick: {len(models)} models would answer, and Accept takes one picture; pick: first or best is "
        raise ValidationError.of_field(FIELD, message + "expected, or one model, or application/json or zip")


def _lows(tally: Tally) -> dict[str, float]:
    return {one.model_id: one.low for one in tally.models}
