"""What a fan-out asks, what its tasks share, and what its caller may watch and decide while it runs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias

from typing_extensions import TypeVar

from cutout.cascade import Step
from cutout.jobs import Job
from cutout.models.selection import ModelSelection
from cutout.pixels.plain import Size
from cutout.removal import Removal
from cutout.results import C, Cutout, CutoutFile, Failure, Form, ModelResult, Result
from serve_app.fanout.model_statuses import Askable

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


class Run(Protocol):
    """Runs a job: Shotgun.run, or CutoutCache.run, which also stores the cutouts; both raise as Shotgun.run does."""

    async def __call__(
        self, job: Job, watcher: Watcher | None = None, enough: Enough | None = None
    ) -> Result[CutoutFile]:
        """The results of all models; see Shotgun.run."""


class Model(Askable, Protocol):
    """A removal model; both methods raise CutoutError when its replicas cannot be reached or have no room."""

    async def remove(self, picture: Any, removal: Removal, form: Form[C]) -> C | Failure:
        """The cutout of a Picture, or of a reference to one, returned as pixels or as a file."""


@dataclass(frozen=True, slots=True)
class FanOut(Generic[C]):
    """State shared by one fan-out's tasks."""

    job: Job
    shared: Any
    """The decoded picture, or a reference to it."""
    finish: Any
    """The job's Finish, a reference to one, or None."""
    made: "Callable[[str, FanOut[C]], Awaitable[C | Failure]]"
    """Gives a model's cutout."""
    received: float
    """When the request came, by time.perf_counter."""
    costs: dict[str, float]
    """USD that a model was paid, or may have been, as soon as that is known."""
    watcher: Watcher[C] | None
    results: dict[str, ModelResult[C]] = field(default_factory=dict)
    mattes: dict[str, Any] = field(default_factory=dict)
    """For `fused`: each model's alpha, or a reference to it."""
