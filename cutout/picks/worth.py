"""What picks teach: how good people find each model's cutouts, with intervals.

A win rate does not say it: a model that is shown against weak rivals, first, or beside one rival only is picked more
often than it is worth. Fitted by fitting.py.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter

NONE = "none"
"""Picked, in place of a model's id, by somebody who wants none of the cutouts."""
ENOUGH_OFFERED = 30
"""Picks of jobs that offered a model from which on its worth decides: its interval is then about 35 in 100 wide."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One cutout among those that somebody chose from."""

    model_id: str
    agreement: float | None = None
    """Its agreement with the others, 0 to 1; None: not measured."""
    sharpness: float | None = None
    """0 to 1; None: not measured."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What somebody chose, and from what."""

    shown: tuple[Shown, ...]
    """In the order in which they were shown."""
    picked: str
    """The id of one of them, or NONE."""
    category: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether what was picked is among what was shown; a job may have been recorded again since."""
        return self.picked == NONE or self.picked in {one.model_id for one in self.shown}


@dataclass(frozen=True, slots=True)
class Worth:
    """How often a model's cutout is picked over an average one, both shown in the same way."""

    model_id: str
    offered: int
    """Votes in which it could be picked."""
    chance: float
    """In 0..1; an average model has 0.5."""
    low: float
    """Lower end of the 95 % interval, in 0..1."""
    high: float
    """Upper end of the 95 % interval, in 0..1."""

    @property
    def is_known(self) -> bool:
        """Whether it was offered often enough to decide by it."""
        return self.offered >= ENOUGH_OFFERED

    @property
    def words(self) -> str:
        """The same in a sentence."""
        if not self.is_known:
            return f"Not known yet: it was offered {self.offered} times, and {ENOUGH_OFFERED} are needed"
        figures = f"{self.chance * 100:.0f} times in 100, give or take: {self.low * 100:.0f} to {self.high * 100:.0f}"
        return f"Picked over an average cutout {figures}"


@dataclass(frozen=True, slots=True)
class Effect:
    """By how much something beside the model moves the log odds of a pick."""

    name: str
    value: float
    low: float
    """Lower end of the 95 % interval."""
    high: float


@dataclass(frozen=True, slots=True)
class Worths:
    """All that was learned from picks."""

    votes: int = 0
    """From how many; 0: nothing was learned yet."""
    fitted_at: float | None = None
    """Unix time, in seconds."""
    models: tuple[Worth, ...] = ()
    """The best first."""
    categories: dict[str, tuple[Worth, ...]] = field(default_factory=dict)
    """The same for pictures with a tag, drawn towards the models' worth in all where votes are few."""
    effects: tuple[Effect, ...] = ()

    def order(self, models: Iterable[str], category: str | None = None) -> tuple[str, ...] | None:
        """These models, the best first, in a category where it has votes; None where one of them is not known yet."""
        known = {one.model_id: one for one in self.models if one.is_known}
        wanted = tuple(models)
        if not all(model in known for model in wanted):
            return None
        known |= {one.model_id: one for one in self.categories.get(category or "", ())}
        return tuple(sorted(wanted, key=lambda model: (-known[model].chance, model)))

    def body(self) -> dict[str, Any]:
        """As JSON, with the sentences."""
        return {
            "votes": self.votes,
            "fitted_at": self.fitted_at,
            "models": [_body(one) for one in self.models],
            "categories": {name: [_body(one) for one in some] for name, some in self.categories.items()},
            "effects": [
                {"name": one.name, "value": one.value, "low": one.low, "high": one.high} for one in self.effects
            ],
        }


NOTHING = Worths()
"""Learned before there are picks."""
VOTES = TypeAdapter(list[Vote])
WORTHS = TypeAdapter(Worths)


def _body(one: Worth) -> dict[str, Any]:
    return {**asdict(one), "is_known": one.is_known, "words": one.words}
