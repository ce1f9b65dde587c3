"""The results of jobs: frozen values, passed between processes; only types named after a picture carry one."""

from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Generic, Literal, Protocol, Self, TypeAlias

from pydantic import Field
from typing_extensions import TypeVar

from cutout.comparison import Comparison
from cutout.errors import CutoutError, ModelUnavailable
from cutout.models.status import EngineReport
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.mattes.descriptor import MatteDescriptor
from cutout.pixels.plain import Box, Dpi, Size
from cutout.pixels.types import Rgba

JobStatus: TypeAlias = Literal["completed", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class Cutout:
    """One model's success, without its picture, which is stored elsewhere or added by a subclass."""

    model_id: str
    size: Size
    cost_usd: float
    engine: EngineReport
    times_ms: dict[str, float] = field(default_factory=dict)
    """Time in each span, in ms: `infer`, `composite`, `upscale`, `encode` …"""
    note: str | None = None
    box: Box | None = None
    """The subject within the picture; None: nothing was found."""
    frame: Box | None = None
    """The crop, in pixels of the whole cutout; None: the picture is not cropped."""
    descriptor: MatteDescriptor | None = None
    """What a comparison with the picture's other cutouts needs; None: it was not requested."""
    matte: Annotated[Any, Field(exclude=True)] = field(default=None, repr=False)
    """Its alpha, (H, W), bytes, or a reference to it, on its way to the combiner; None: it was not requested."""
    sources: tuple[str, ...] = ()
    """Of `fused`: the models whose cutouts it is made of, the best first."""
    edited_from: str | None = None
    """The model whose cutout somebody has mended by hand; None: it is as its model made it."""
    semi_transparent: float | None = None
    """Share of its file's pixels, but for the fully transparent ones, that are not opaque; None: no file was made."""

    @property
    def whole_box(self) -> Box | None:
        """The subject within the whole cutout."""
        if self.box is None or self.frame is None:
            return self.box
        return replace(self.box, left=self.box.left + self.frame.left, top=self.box.top + self.frame.top)

    @property
    def source_id(self) -> str:
        """The model that made it, also where it was mended by hand."""
        return self.edited_from or self.model_id

    @property
    def words(self) -> str:
        """What follows its model's name."""
        return ", edited" if self.edited_from else ""

    def known(self) -> dict[str, Any]:
        """The fields of a Cutout, without those of a subclass."""
        return {each.name: getattr(self, each.name) for each in fields(Cutout)}

    def timed(self, **spans_ms: float) -> Self:
        """The same cutout with more spans recorded."""
        return replace(self, times_ms={**self.times_ms, **spans_ms})


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoutPixels(Cutout):
    """A cutout as pixels, from which a file is still to be made."""

    rgba: Rgba
    dpi: Dpi | None = None

    @classmethod
    def of(cls, cutout: Cutout, rgba: Rgba, dpi: Dpi | None) -> Self:
        """A cutout with its pixels."""
        return cls(**cutout.known(), rgba=rgba, dpi=dpi)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoutFile(Cutout):
    """A cutout as a picture file."""

    encoded: bytes
    mask: bytes | None = None
    """A PNG of the alpha, when it was requested beside the picture."""
    whole: bytes | None = None
    """A PNG of the whole cutout, from which another finish can be made; None: not requested, or `encoded` is one."""

    @classmethod
    def of(cls, cutout: Cutout, encoded: bytes, mask: bytes | None = None, whole: bytes | None = None) -> Self:
        """A cutout with its files."""
        return cls(**cutout.known(), encoded=encoded, mask=mask, whole=whole)


C = TypeVar("C", bound=Cutout)
C_co = TypeVar("C_co", bound=Cutout, covariant=True, default=Cutout)
"""What is known of the cutouts of a result: no more than a Cutout, or also their pictures."""


class Form(Protocol[C_co]):
    """How a replica returns a cutout: adds the picture to what is known of it; called in a thread. See forms.py."""

    def picture(self, cutout: Cutout, rgba: Rgba, dpi: Dpi | None, encoding: EncodeSpec) -> C_co:
        """The cutout with its picture, of (H, W, 4) pixels."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """One model's failure, or its upscale's."""

    model_id: str
    type: str
    message: str
    cost_usd: float = 0.0
    stage: Literal["bg_removal", "upscale"] = "bg_removal"
    unavailable: bool = False
    """The model could not start: it has no weights, key, provider or free place in its queue."""
    retry_after_s: float | None = None
    """When the model may be available again; None: unknown."""

    @classmethod
    def of(cls, model_id: str, error: CutoutError, stage: Literal["bg_removal", "upscale"] = "bg_removal") -> "Failure":
        """The value that stands for `error` in a result."""
        return cls(
            model_id=model_id,
            type=error.type,
            message=error.message,
            cost_usd=float(error.details.get("cost_usd", 0.0)),
            stage=stage,
            unavailable=isinstance(error, ModelUnavailable),
            retry_after_s=error.details.get("retry_after_s"),
        )


@dataclass(frozen=True, slots=True)
class ModelResult(Generic[C_co]):
    """One model's part of a result."""

    model_id: str
    outcome: C_co | Failure
    wall_ms: float
    """From the fan-out to this model's result, including the upscale."""


@dataclass(frozen=True, slots=True)
class Result(Generic[C_co]):
    """The results of a job."""

    job_id: str
    results: tuple[ModelResult[C_co], ...]
    input_size: Size
    wall_ms: float
    skipped: dict[str, str] = field(default_factory=dict)
    """Models that `all` left out, each with its reason."""
    times_ms: dict[str, float] = field(default_factory=dict)
    comparison: Comparison | None = None
    """Of the cutouts with each other; None: one model was requested, or none gave a cutout."""

    @property
    def status(self) -> JobStatus:
        """`completed` when every model succeeded, `failed` when none did, else `partial`."""
        good = sum(isinstance(r.outcome, Cutout) for r in self.results)
        return "completed" if good == len(self.results) else "partial" if good else "failed"

    @property
    def total_cost_usd(self) -> float:
        """Sum of what was charged, failures included."""
        return round(sum(r.outcome.cost_usd for r in self.results), 6)


@dataclass(frozen=True, slots=True)
class Upscaled:
    """A caller's own picture, enlarged; without the picture, which is stored elsewhere or added by a subclass."""

    input_size: Size
    output_size: Size
    has_alpha: bool
    times_ms: dict[str, float] = field(default_factory=dict)
    semi_transparent: float | None = None
    """As that of a Cutout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscaledFile(Upscaled):
    """The enlarged picture as a file."""

    encoded: bytes
