"""What a fan-out's tasks share, and what its caller may watch and decide while it runs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias

from typing_extensions import TypeVar

from cutout.forms import C
from cutout.jobs import Cutout, CutoutFile, Failure, Job, ModelResult
from cutout.models.selection import ModelSelection
from cutout.pixels.plain import Size
from serve_app.fanout.cascade import Step

Enough: TypeAlias = Callable[[Mapping[str, ModelResult], tuple[str, ...]], bool]
"""Whether the results so far, by model, are all that the caller needs of the models that run."""

C_contra = TypeVar("C_contra", bound=Cutout, contravariant=True, default=CutoutFile)


class Watcher(Protocol[C_contra]):
    """Is told of a job's steps while it runs."""

    def started(self, selection: ModelSelection, size: Size) -> None:
        """The picture, of this size, is sent to these models."""

    def stepped(self, step: Step) -> None:
        """What `auto` does next, and why."""

    def finished(self, result: ModelResult[C_contra]) -> None:
        """One model succeeded or failed."""


@dataclass(frozen=True, slots=True)
class FanOut(Generic[C]):
    """State shared by one fan-out's tasks."""

    job: Job
    made: "Callable[[str, FanOut[C]], Awaitable[C | Failure]]"
    """Gives a model's cutout."""
    shared: Any
    """The decoded picture, or a reference to it."""
    finish: Any
    """The job's Finish, a reference to one, or None."""
    received: float
    """When the request came, by time.perf_counter."""
    results: dict[str, ModelResult[C]]
    costs: dict[str, float]
    """USD that a model was paid, or may have been, as soon as that is known."""
    watcher: Watcher[C] | None
